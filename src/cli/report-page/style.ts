/** Colours are checked for a contrast of 4.5 to their ground by a test. */
export const LIGHT = {
  ground: "#ffffff",
  panel: "#f3f6f9",
  line: "#cfd7df",
  ink: "#17212b",
  soft: "#4f5d6b",
  link: "#0a5aa8",
  good: "#14692f",
  warn: "#8a4b00",
  bad: "#b3231c",
  work: "#2f78bd",
  wait: "#bcd6ee",
} as const;

export const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  ground: "#12171d",
  panel: "#1b222a",
  line: "#36414d",
  ink: "#e6ecf2",
  soft: "#a5b2bf",
  link: "#7dbaf2",
  good: "#6fce8e",
  warn: "#e8b25c",
  bad: "#ff8f86",
  work: "#4f97d8",
  wait: "#29486a",
};

const variables = (palette: Readonly<Record<string, string>>): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
h1{font-size:2rem;line-height:1.2;margin:0}
h2{font-size:1.25rem;margin:0 0 .75rem;padding-top:.5rem}
p{margin:.4rem 0}
a{color:var(--link)}
code,pre{font:.92em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{margin:.4rem 0;padding:.6rem .8rem;background:var(--panel);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap}
.command{position:relative}.command pre{padding-right:5rem}
.command button{position:absolute;top:.4rem;right:.4rem;font:.8rem/1.5 system-ui,sans-serif;padding:.1rem .6rem;color:var(--ink);background:var(--ground);border:1px solid var(--soft);border-radius:4px;cursor:pointer}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
header{border-left:6px solid var(--soft);padding:.2rem 0 .2rem 1.2rem}
header.done{border-color:var(--good)}header.done h1{color:var(--good)}
header.failed{border-color:var(--bad)}header.failed h1{color:var(--bad)}
header.interrupted{border-color:var(--warn)}header.interrupted h1{color:var(--warn)}
.product{color:var(--soft);margin:0;font-weight:600}
.lead{font-size:1.1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.6rem 0}
dt{color:var(--soft)}dd{margin:0;min-width:0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:.6rem 0;margin:1rem 0;border-block:1px solid var(--line)}
section{margin:0 0 2rem}
.problem{border:1px solid var(--bad);border-radius:6px;padding:.5rem 1rem}
.problem.stopped{border-color:var(--warn)}
.soft{color:var(--soft)}.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
ul.notes{padding-left:1.2rem;margin:0}
ol.next{padding-left:1.4rem;margin:0}ol.next li{margin-bottom:.7rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}thead th{color:var(--soft);font-weight:400}
.number{white-space:nowrap;font-variant-numeric:tabular-nums}
td.number,th.number{text-align:right}
table.facts{table-layout:fixed}table.facts th:first-child{width:28%}table.facts thead th:nth-child(2){width:7.5rem}
table.timeline th:first-child{width:30%}table.timeline th:nth-child(2){width:5.5rem}
table.timeline th[scope=row]{font-weight:400}
.after{display:block;color:var(--soft);font-size:.85em}
.tag{color:var(--warn);font-size:.88em}.failed .tag{color:var(--bad)}.not-started th,.not-started .tag{color:var(--soft)}
.axis{display:flex;justify-content:space-between;font-variant-numeric:tabular-nums}
svg.bar{display:block;width:100%;height:16px;margin-top:3px}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke;fill:none}
rect.work{fill:var(--work)}rect.failed{fill:var(--bad);stroke:var(--bad);stroke-width:4;vector-effect:non-scaling-stroke}rect.wait{fill:var(--wait);stroke:var(--work);stroke-width:1;vector-effect:non-scaling-stroke}
.legend{color:var(--soft)}.legend strong{color:var(--ink);margin-left:.6em}
tr.failed rect.work{fill:var(--bad)}tr.failed rect.wait{stroke:var(--bad)}
.key{display:inline-block;width:1.6em;height:.7em;border:1px solid var(--work);margin-left:.6em}.key:first-child{margin-left:0}
.key.work{background:var(--work)}.key.wait{background:var(--wait)}
ul.waits{list-style:none;margin:.2rem 0 0;padding:0;color:var(--soft);font-size:.9em;white-space:pre-line}
ul.waits .number{color:var(--ink);margin-right:.4em}
ol.way{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:3.2rem}
ol.way li{position:relative;background:var(--panel);border:1.5px dashed var(--line);border-radius:6px;padding:.5rem .7rem;font-size:.88em;color:var(--ink)}
ol.way li.good{border:1.5px solid var(--good)}ol.way li.warn{border-color:var(--warn)}ol.way li.bad{border:2px solid var(--bad)}
ol.way h3{font-size:1.1rem;margin:0}.state{margin:0 0 .3rem}.fact{margin-top:.25rem}
.leads{position:absolute;left:100%;top:.4rem;width:3.2rem;text-align:center;color:var(--soft);font-size:.9em;line-height:1.2;overflow-wrap:normal}
.leads::after{content:"→";display:block;font-size:1.2em}
details{border-top:1px solid var(--line);padding:.35rem 0}
details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.15rem 0}
summary .soft{margin-left:.5em}
ul.changes,ul.changes ul{list-style:none;margin:.2rem 0 .5rem;padding-left:1.2rem}
.mark{display:inline-block;width:1em;font-weight:700;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.mark.create{color:var(--good)}.mark.update,.mark.warn{color:var(--warn)}.mark.delete{color:var(--bad)}
footer{color:var(--soft);border-top:1px solid var(--line);font-size:.9em}
@media (max-width:58rem){
ol.way{grid-template-columns:1fr;gap:1.7rem}
.leads{left:.7rem;top:100%;width:auto;line-height:1.7rem}.leads::after{content:" ↓";display:inline}
}
@media (max-width:46rem){
body{padding:1rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}
table.timeline thead th:first-child,table.timeline thead th:nth-child(2){display:none}
table.timeline thead tr,table.timeline thead,table.timeline tbody,table.timeline{display:block}
table.timeline thead th{display:block;padding-right:0}
table.timeline tbody tr{display:grid;grid-template-columns:1fr max-content;border-bottom:1px solid var(--line);padding:.3rem 0}
table.timeline tbody th,table.timeline tbody td{border:0;width:auto!important;padding:.1rem 0}
table.timeline tbody td:last-child{grid-column:1/-1}
table.facts thead{display:none}
table.facts,table.facts tbody{display:block}
table.facts tr,table.facts th,table.facts td{display:block;width:auto!important;border:0;padding:.1rem 0}
table.facts tr{border-bottom:1px solid var(--line);padding:.4rem 0}
}
@media print{
:root{color-scheme:light;${variables(LIGHT)}}
body{max-width:none;padding:0;font-size:10.5pt}
nav,.command button{display:none}
.command pre{padding-right:.8rem}
rect,.key{print-color-adjust:exact;-webkit-print-color-adjust:exact}
tr,li,pre,header,.problem{break-inside:avoid}
h2,summary{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}
}
`;
