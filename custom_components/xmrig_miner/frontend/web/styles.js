/** The style of all cards, with Home Assistant's own variables. */

export const STYLES = `
:host { display: block; height: 100%; container-type: inline-size; --scale: var(--ha-font-size-scale, 1); --sun: var(--energy-solar-color, #ff9800); --bought: var(--purple-color, #926bc7); --mine: var(--primary-color, #009ac7); --strong: color-mix(in srgb, var(--mine) 75%, #000); --on-strong: var(--text-primary-color, #fff); --knob: #fff; --link: color-mix(in srgb, var(--mine) 65%, var(--primary-text-color, #141414)); --soft: var(--secondary-background-color, #f1f4f7); --dim: var(--secondary-text-color, #5e5e5e); }
@supports (color: lab(from red l a b)) { :host { --on-strong: lab(from var(--strong) calc((60 - l) * infinity) 0 0); --link: lab(from var(--mine) min(l, 42) a b); } :host([dark]) { --link: lab(from var(--mine) max(l, 70) a b); } }
:host(:dir(rtl)) { text-align: right; }
:host(:dir(rtl)) :not(summary, .legend *), :host(:dir(rtl)) ::before { unicode-bidi: plaintext; }
* { box-sizing: border-box; }
ha-card { display: block; height: 100%; padding: 16px; color: var(--primary-text-color); font-size: calc(14px * var(--scale)); line-height: 1.4; overflow: hidden; }
h2, p { margin: 0; font-weight: 500; overflow-wrap: anywhere; }
h2 { font-size: calc(16px * var(--scale)); }
p { font-weight: 400; }
button, select { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; padding: 0; text-align: inherit; }
:focus-visible { outline: 2px solid var(--mine); outline-offset: 2px; }
.dim { color: var(--dim); font-size: calc(12.5px * var(--scale)); }
.say { font-size: calc(16px * var(--scale)); line-height: 1.45; margin: 12px 0 8px; }
.head { display: flex; justify-content: space-between; gap: 12px; align-items: flex-start; }
.head a { color: inherit; text-decoration: none; }
.head a:hover { text-decoration: underline; }
.state { margin: 4px 0 12px; min-height: 2.8em; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, calc(120px * var(--scale))), 1fr)); margin: -16px; }
@container (min-width: 400px) and (max-width: 760px) { .figures:has(> :nth-child(6)) { grid-template-columns: repeat(3, 1fr); } }
.figures > * { padding: 14px 16px; box-shadow: -1px -1px 0 var(--divider-color, #e0e0e0); min-width: 0; }
.figures b { display: block; font-size: calc(24px * var(--scale)); font-weight: 400; white-space: nowrap; letter-spacing: -.3px; }
.figures small { font-size: calc(13px * var(--scale)); color: var(--dim); margin: 0 4px; }
.row { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 10px 8px; margin-top: 14px; }
.row > * { flex: 1 1 66px; min-width: min-content; max-width: 100%; }
.row b, .tiles b { display: block; font-size: calc(15px * var(--scale)); font-weight: 500; }
.row > *, .tiles > *, .figures span { font-size: calc(12.5px * var(--scale)); overflow-wrap: break-word; word-break: keep-all; }
.row > *, .tiles > * { color: var(--dim); }
.row b, .tiles b { color: var(--primary-text-color); }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.tiles > * { background: var(--soft); border-radius: 10px; padding: 9px 12px; flex: 1 1 110px; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.chips:first-child { margin: 0 0 12px; }
.figures + .chips { margin: 32px 0 0; }
.chips + .dim { margin-top: 8px; }
.chip { max-width: 100%; overflow-wrap: anywhere; border-radius: 16px; padding: 6px 12px; font-size: calc(12.5px * var(--scale)); background: color-mix(in srgb, var(--warning-color, #ffa600) 20%, transparent); }
.modes { display: flex; flex-wrap: wrap; gap: 4px; background: var(--soft); border-radius: 10px; padding: 4px; margin-top: 12px; }
.modes button { flex: 1 1 60px; min-width: min-content; padding: 9px 6px; border-radius: 8px; text-align: center; min-height: 40px; }
.modes [aria-checked=true] { background: var(--strong); color: var(--on-strong); font-weight: 500; }
.toggle { appearance: none; flex: none; width: 44px; height: 24px; margin: 0; border-radius: 12px; background: var(--disabled-color, #9e9e9e); position: relative; cursor: pointer; transition: background .15s; }
.toggle::after { content: ""; position: absolute; inset-block-start: 3px; inset-inline-start: 3px; width: 18px; height: 18px; border-radius: 9px; background: var(--knob); box-shadow: 0 0 2px rgb(0 0 0 / .6); transition: inset-inline-start .15s; }
.toggle:checked { background: var(--mine); }
.toggle:checked::after { inset-inline-start: 23px; }
.toggle:disabled { opacity: .5; cursor: default; }
.slider { position: relative; display: block; height: calc(40px * var(--scale)); border-radius: 10px; overflow: hidden; background: color-mix(in srgb, var(--mine) 20%, transparent); }
.slider i { position: absolute; inset-block: 0; inset-inline-start: 0; background: var(--mine); transition: width .15s; }
.slider.off i { opacity: .35; }
.slider b { position: absolute; inset-inline-start: 12px; top: 50%; transform: translateY(-50%); max-width: calc(100% - 20px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; background: var(--card-background-color, #fff); border-radius: 6px; padding: 1px 8px; }
.slider input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.slider:focus-within { outline: 2px solid var(--mine); outline-offset: 2px; }
.slider u { position: absolute; inset-block: 0; width: 3px; margin-inline-start: -1.5px; background: var(--sun); }
.marks { position: relative; height: 1.4em; font-size: calc(10.5px * var(--scale)); color: var(--dim); margin: 3px 0 0; }
.marks span { position: absolute; transform: translateX(-50%); }
.marks span:first-child { transform: none; }
.marks span:last-child { transform: translateX(-100%); }
:host(:dir(rtl)) .marks span { transform: translateX(50%); }
:host(:dir(rtl)) .marks span:first-child { transform: none; }
:host(:dir(rtl)) .marks span:last-child { transform: translateX(100%); }
.plot { position: relative; display: block; height: 180px; margin: 28px 0 26px; direction: ltr; }
.plot.small { width: 100%; height: 48px; margin: 14px 0 0; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot path { fill: none; stroke-width: 1.5px; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.plot .area { fill-opacity: .25; }
.plot .area.mine { fill: var(--mine); }
.plot .area.sun { fill: var(--sun); }
.plot .area.bought { fill: var(--bought); fill-opacity: .8; }
.plot .line.mine { stroke: var(--mine); }
.plot .line.sun { stroke: var(--sun); }
.plot .line.power { stroke: var(--sun); stroke-dasharray: 4 3; }
.plot .grid { stroke: var(--divider-color, #e0e0e0); stroke-width: 1px; }
.plot span { position: absolute; font-size: calc(10.5px * var(--scale)); color: var(--dim); white-space: nowrap; }
.plot .value { left: 0; transform: translateY(-100%); }
.plot .time { top: 100%; transform: translateX(-50%); margin-top: 4px; }
.soon { margin-top: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--dim); font-size: calc(12.5px * var(--scale)); }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-inline-end: 6px; background: var(--mine); }
.legend .sun, .legend .power { background: var(--sun); }
.legend .bought { background: var(--bought); }
@container (min-width: 720px) { .halves { display: grid; grid-template-columns: 1fr 1.35fr; gap: 28px; } }
.trouble { border-color: color-mix(in srgb, var(--error-color, #db4437) 55%, var(--divider-color)); }
.scroll { overflow-x: auto; margin: 0 -16px; padding: 0 16px; }
table { width: 100%; border-collapse: collapse; white-space: nowrap; }
th, td { text-align: end; padding: 8px 12px; border-bottom: 1px solid var(--divider-color, #e0e0e0); }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: start; padding-inline-start: 0; }
th { font-weight: 400; color: var(--dim); }
td :is(a, button) { display: inline-block; width: max-content; max-width: max(120px, 40cqi); white-space: normal; overflow-wrap: anywhere; color: inherit; text-decoration: underline; }
tr.trouble td:first-child { border-inline-start: 3px solid var(--error-color, #db4437); padding-inline-start: 7px; }
h3 { margin: 14px 0 0; font-size: calc(14px * var(--scale)); font-weight: 500; overflow-wrap: anywhere; }
h3 + .row { margin-top: 6px; }
.bar { display: block; height: 6px; margin-top: 6px; border-radius: 3px; background: color-mix(in srgb, var(--mine) 20%, transparent); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--mine); transition: width .15s; }
.bar .warm { background: var(--warning-color, #ffa600); }
.bar .hot { background: var(--error-color, #db4437); }
ol, ul { margin: 8px 0 0; padding: 0; list-style: none; }
.pools { counter-reset: pool; }
.pools li { counter-increment: pool; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; padding: 8px 0; border-bottom: 1px solid var(--divider-color, #e0e0e0); min-height: 44px; }
.pools li::before { content: counter(pool) "."; color: var(--dim); }
.pools .name { overflow-wrap: anywhere; }
.pools .action { margin-inline-start: auto; }
.pools + .dim, .pools + .dim + .dim { margin-top: 8px; }
.badge { flex: none; border-radius: 999px; padding: 2px 10px; font-size: calc(12px * var(--scale)); background: color-mix(in srgb, var(--mine) 18%, transparent); }
.action { color: var(--link); font-weight: 500; padding: 6px 0; }
.action:disabled { color: var(--dim); cursor: default; }
.events li { display: grid; grid-template-columns: 76px 1fr; gap: 10px; padding: 8px 0; border-bottom: 1px solid var(--divider-color, #e0e0e0); }
@container (max-width: 260px) { .events li { grid-template-columns: 1fr; gap: 0; } }
.events b { display: block; font-weight: 500; }
.events .dim { overflow-wrap: anywhere; min-width: 0; }
.plot.curve { height: 150px; margin: 14px 0 26px; }
.plot.curve .best { stroke: var(--success-color, #43a047); stroke-dasharray: 2 3; }
.plot .dot { position: absolute; width: 7px; height: 7px; margin: -3.5px; border-radius: 50%; background: var(--mine); }
.plot .dot.power { background: var(--sun); }
.guess { color: var(--dim); }
.calibration { margin-top: 10px; }
progress { width: 100%; height: 8px; accent-color: var(--mine); margin: 8px 0; }
details { margin-top: 14px; --ha-card-border-width: 0; --ha-card-background: transparent; }
.price { display: flex; align-items: center; gap: 16px; padding: 4px 16px; }
.price ha-state-icon { color: var(--state-icon-color, #44739e); margin: 0 8px; }
.price span { flex: 1; }
.price small { display: block; color: var(--dim); font-size: calc(12px * var(--scale)); }
.price input { width: 110px; height: 40px; border: 0; border-bottom: 1px solid var(--dim); border-radius: 4px 4px 0 0; padding: 0 8px; background: var(--soft); color: var(--primary-text-color); font: inherit; text-align: end; }
summary { cursor: pointer; color: var(--dim); padding: 6px 0; }
dialog { border: 0; border-radius: var(--ha-card-border-radius, 12px); background: linear-gradient(var(--card-background-color, #fff) 0 0) var(--primary-background-color, #fff); color: var(--primary-text-color); max-width: min(480px, calc(100vw - 32px)); padding: 24px; }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog p { margin: 12px 0; }
dialog div { display: flex; justify-content: flex-end; gap: 16px; margin-top: 16px; }
.say + .link { margin-inline-start: -8px; }
dialog div > *, .link { color: var(--link); font-weight: 500; text-decoration: none; padding: 8px; }
@media (prefers-reduced-motion: reduce) { *, ::after { transition: none !important; } }
@media (forced-colors: active) {
  :host { --mine: Highlight; --strong: Highlight; --on-strong: HighlightText; --knob: ButtonText; --card-background-color: Canvas; --primary-text-color: CanvasText; --disabled-color: Canvas; }
  .toggle, .slider, .slider :is(i, b, u), .bar, .bar i, .legend i, .plot .dot, .modes [aria-checked=true] { forced-color-adjust: none; }
  .toggle:checked { --knob: HighlightText; }
  .toggle, .slider, .bar, .modes, .chip, .badge { border: 1px solid CanvasText; }
  .toggle::after { inset-block-start: 2px; }
}
`;
