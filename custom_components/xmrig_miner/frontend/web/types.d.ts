/** What the module uses of Home Assistant's frontend. */

export interface State {
  entity_id: string;
  state: string;
  attributes: Record<string, any>;
  last_changed: string;
  last_updated: string;
}

export interface Entity {
  entity_id: string;
  device_id?: string | null;
  platform: string;
  translation_key?: string | null;
  hidden?: boolean;
  name?: string | null;
}

export interface Device {
  id: string;
  name: string | null;
  name_by_user: string | null;
  model?: string | null;
  identifiers: [string, string][];
  config_entries?: string[];
  config_entry_id?: string;
  via_device_id?: string | null;
}

export interface Connection {
  addEventListener(type: "ready", callback: () => void): void;
  subscribeEvents(callback: (event: any) => void, type: string): Promise<() => void>;
}

export interface Hass {
  states: Record<string, State | undefined>;
  entities: Record<string, Entity>;
  devices: Record<string, Device | undefined>;
  connection: Connection;
  connected: boolean;
  config: { time_zone: string; state: string; components: string[] };
  language: string;
  locale: { language: string; time_format: string; time_zone: string; number_format: string };
  user?: { is_admin: boolean };
  themes: { darkMode: boolean };
  localize(key: string, values?: Record<string, unknown>): string;
  formatEntityState(state: State, value?: string): string;
  formatEntityAttributeValue(state: State, attribute: string, value?: unknown): string;
  formatEntityName?(state: State, name: unknown): string;
  callService(domain: string, service: string, data?: object, target?: object): Promise<unknown>;
  callWS<T>(message: { type: string; [field: string]: unknown }): Promise<T>;
  loadBackendTranslation(category: string, integration?: string | string[]): Promise<unknown>;
}

/** A device of the integration with its entities, by keys such as "sensor.hashrate". */
export interface Unit {
  id: string;
  entryId: string;
  name: string;
  keys: Map<string, string>;
}

/** A text of the module: the key of its translation, and the values for it. */
export interface Message {
  key: string;
  values?: Record<string, string | number | Message>;
}

export type Status =
  | "mining"
  | "starting"
  | "paused"
  | "stopped"
  | "no_pool"
  | "offline"
  | "unknown";

/** What a miner shows at one moment. Absent means unknown, and 0 is a reading. */
export interface Miner {
  id: string;
  entryId: string;
  name: string;
  keys: Map<string, string>;
  status: Status;
  /** When the status last changed. */
  since?: Date;
  /** H/s. */
  hashrate?: number;
  /** W. */
  power?: number;
  /** H/J. */
  efficiency?: number;
  /** False if it mines with graphics cards only. */
  usesCpu: boolean;
  /** CPU threads while it mines. */
  threads?: number;
  /** The most of them. */
  maxThreads?: number;
  /** W; absent without a limit. */
  powerLimit?: number;
  /** The hottest of its parts, in the unit of the sensor. */
  temperature?: { value: number; unit: string; name: string };
  pauseReason?: string;
  pausedUntil?: Date;
  isManaged: boolean;
  /** Whether there is anything that it can be told to do. */
  isControllable: boolean;
  /** %, while a calibration runs. */
  calibration?: number;
  /** Whether the manager lets its computer sleep. */
  sleep?: string;
  isMiningOn?: boolean;
  issues: Issue[];
}

export interface Manager {
  id: string;
  entryId: string;
  name: string;
  keys: Map<string, string>;
  mode?: string;
  modes: string[];
  reason?: string;
  /** W left over beside mining. */
  surplus?: number;
  /** W. */
  miningPower?: number;
  /** W. */
  reserve?: number;
  /** % of charge up to which the battery comes first. */
  batteryPriority?: number;
  issues: Issue[];
}

/** A repair of Home Assistant. */
export interface Issue {
  issue_id: string;
  domain: string;
  translation_key: string;
  translation_placeholders: Record<string, string> | null;
  is_fixable: boolean;
  ignored: boolean;
  severity: string;
  learn_more_url: string | null;
}

/** Something that needs a look, and the repair that says what to do. */
export interface Problem {
  miner?: string;
  message: Message;
  issue?: Issue;
  /** What its chip says instead of the message. */
  chip?: string;
}

/** A value at a time in s. */
export interface Point {
  time: number;
  value: number;
}

/** What a number of threads draws and yields, as learned; null while unknown. */
export interface CurvePoint {
  threads: number;
  /** W. */
  power: number | null;
  /** H/s. */
  hashrate: number | null;
  is_measured: boolean;
}

/** A pool of a miner, in the order in which it tries them. */
export interface Pool {
  name: string;
  enabled: boolean;
  preferred: boolean;
  connected: boolean;
}

export interface MinerDetails {
  kind: "miner";
  pools: Pool[];
  /** Of the computer without its graphics cards. */
  curve: CurvePoint[];
  /** W of the graphics cards while they hash. */
  cards_power: number;
}

export interface ManagerDetails {
  kind: "manager";
  /** kWh. */
  today: { solar: number; grid: number; battery: number; unknown: number };
}

/** An event in the past, with what is known of it. */
export interface HappenedEvent {
  time: Date;
  type: string;
  facts: Record<string, any>;
}

export type Translate = (key: string, values?: Message["values"]) => string;
