/** The page's own style. Series colours are Okabe & Ito's, which differ for every common colour vision; lighter on dark. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1c2127; --dim: #5a646f; --line: #dde2e7; --soft: #f4f6f8; --accent: #0072b2;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #a85a86; --c4: #b07d00; --c5: #2f8fc4; --c6: #6b5b95; --c7: #7a7a7a;
  --need: #7b858f; --need-fill: rgba(90, 100, 111, .13); --band: rgba(0, 114, 178, .24); --surge1: rgba(230, 159, 0, .16); --surge2: rgba(213, 94, 0, .24); --hatch: rgba(90, 100, 111, .55); }
@media (prefers-color-scheme: dark) { :root { --bg: #14181d; --fg: #e6eaee; --dim: #9aa5b1; --line: #2c333b; --soft: #1b2027; --accent: #56b4e9;
  --c0: #56b4e9; --c1: #ff8a3d; --c2: #2fcf9f; --c3: #e39cc4; --c4: #f0c23b; --c5: #9ad7ff; --c6: #b7a8e0; --c7: #b0b0b0;
  --need: #8e99a4; --need-fill: rgba(176, 186, 196, .13); --band: rgba(86, 180, 233, .28); --surge1: rgba(240, 194, 59, .16); --surge2: rgba(255, 138, 61, .28); --hatch: rgba(176, 186, 196, .5); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
section { margin-top: 2.4rem; }
p { margin: .4rem 0; }
.brand { color: var(--accent); font-weight: 600; letter-spacing: .02em; margin: 0; }
.verdict { font-size: 1.12rem; max-width: 62rem; }
.small, small { color: var(--dim); font-size: .86rem; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.8rem; margin: .8rem 0 0; }
.facts dt { color: var(--dim); font-size: .8rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .42rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); font-size: .82rem; }
thead th { background: var(--soft); font-weight: 600; white-space: normal; vertical-align: bottom; line-height: 1.25; font-size: .78rem; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--bg); }
thead th:first-child { background: var(--soft); }
tbody tr:last-child > * { border-bottom: 0; }
td.best { font-weight: 700; }
.symbol { color: var(--dim); font-weight: 400; }
.terms { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; font-size: .88rem; }
.terms dd { margin: 0; color: var(--dim); }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .5em; vertical-align: -.05em; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center; margin: .4rem 0 .6rem; }
.controls label { display: inline-flex; align-items: center; gap: .35rem; }
select { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .5rem; max-width: 100%; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.chart { border: 1px solid var(--line); border-radius: 8px; padding: 8px 4px 4px; min-height: 120px; }
.key { display: inline-block; width: 1.6em; height: .9em; vertical-align: -.1em; margin-right: .35em; border: 1px solid var(--line); }
.key.k1 { background: var(--surge1); } .key.k2 { background: var(--surge2); } .key.kb { background: var(--band); }
.key.kh { background: repeating-linear-gradient(45deg, var(--hatch) 0 1px, transparent 1px 5px); }
.keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
.uplot, .uplot * { font-family: inherit; }
.uplot .u-legend { font-size: .86rem; text-align: left; padding: 2px 8px; }
.uplot .u-legend th, .uplot .u-legend td { border: 0; padding: 0 2px; font-size: .86rem; position: static; background: none; }
.uplot .u-legend .u-value { min-width: 4.2em; display: inline-block; text-align: left; font-variant-numeric: tabular-nums; }
.u-select { background: var(--band); }
.plain { border: 0; } .scatter { width: 100%; min-width: 540px; max-width: 820px; height: auto; display: block; }
.scatter text { fill: var(--fg); font-size: 12px; } .scatter .tick, .scatter .axis { fill: var(--dim); }
.scatter .label { font-size: 13px; font-weight: 600; }
.grid { stroke: var(--line); fill: none; } .join { fill: none; stroke-width: 1.5; stroke-dasharray: 4 3; }
.dot { stroke: var(--bg); stroke-width: 1.5; }
.mark { display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin-right: .4em; border: 2px solid var(--c0); }
.mark.full { background: var(--c0); } .mark.open { border-color: var(--c1); } .tip { min-height: 1.6em; font-variant-numeric: tabular-nums; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem; overflow-x: auto; font-size: .86rem; }
.reliability { max-width: 430px; min-width: 300px; } .bar { stroke: var(--c0); stroke-width: 1.5; fill: none; }
.heat { display: grid; gap: 4px; }
.heat-row { display: grid; grid-template-columns: 230px 1fr; gap: 10px; align-items: center; }
.heat-row svg { width: 100%; height: 26px; background: var(--soft); border-radius: 3px; } .heat-row rect { fill: var(--accent); }
.heat-name small { display: block; line-height: 1.2; } .heat-name { line-height: 1.25; overflow-wrap: anywhere; }
.days { display: grid; grid-template-columns: repeat(7, 1fr); font-size: .8rem; color: var(--dim); } .days b { font-weight: 400; }
.notes { padding-left: 1.2rem; } .notes li { margin: .25rem 0; }
@media (max-width: 620px) { main { padding: 16px 12px 40px; } h1 { font-size: 1.35rem; } .verdict { font-size: 1rem; }
  .terms { grid-template-columns: 1fr; } .terms dd { margin-bottom: .4rem; } .heat-row { grid-template-columns: 1fr; gap: 2px; } .heat-head span:first-child { display: none; } }
${Array.from({ length: 8 }, (_, i) => `.swatch.s${i} { background: var(--c${i}); } .dot.c${i} { fill: var(--c${i}); } .join.c${i} { stroke: var(--c${i}); }`).join('\n')}
`;
