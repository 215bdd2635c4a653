# Home Assistant puts probatio in the place of voluptuous (homeassistant/__init__.py),
# with these names among others. The types of voluptuous itself are not those of what
# Home Assistant expects.
from probatio import (
    All as All,
    Any as Any,
    Coerce as Coerce,
    In as In,
    Invalid as Invalid,
    Optional as Optional,
    Range as Range,
    Required as Required,
    Schema as Schema,
)
