/** The style of the report: one column, both colour schemes, and paper. Live and rehearsal differ in frame and pattern too. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--page:#fff;--text:#1c1d1f;--soft:#5b5f66;--rule:#d9dade;--good:#1b6e46;--bad:#b3261e;--warn:#8a5300;--info:#1d5fa8;--ghost:#c9ccd2;--bar:#2c8a5c;--live:#b3261e;--rehearsal:#1d5fa8;--tint:#eef3f9;font:15px/1.5 system-ui,sans-serif}
@media (prefers-color-scheme:dark){:root{--page:#17191c;--text:#e8e9eb;--soft:#a8adb6;--rule:#363a41;--good:#7fd0a6;--bad:#ff9a90;--warn:#f0b45c;--info:#8cbcf2;--ghost:#494e57;--bar:#46a577;--live:#a5231b;--rehearsal:#24578f;--tint:#22303f}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text)}
.live body{border:6px solid var(--live)}.rehearsal body{border:6px dashed var(--rehearsal)}
header,main{max-width:76rem;margin:0 auto;padding:0 1.25rem}main{padding-bottom:2rem}
.kind{margin:0 -1.25rem;padding:.5rem 1.25rem;font-weight:700;letter-spacing:.06em}.kind span{font-weight:400;letter-spacing:0}
.live .kind{background:var(--live);color:#fff}.rehearsal .kind{border-bottom:3px dashed var(--rehearsal);background:var(--tint)}
h1{font-size:1.6rem;margin:1rem 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule);padding-bottom:.25rem}h3{font-size:1rem}
.verdict{font-size:1.1rem;font-weight:700;margin:.25rem 0 1rem}.verdict.succeeded,.verdict.finished{color:var(--good)}.verdict.rolled-back{color:var(--warn)}.verdict.failed-unchanged,.verdict.unfinished{color:var(--bad)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.5rem 1.5rem;margin:.5rem 0}.facts dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--rule);font-weight:400}thead th{color:var(--soft);font-size:.8rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}code{font:.85em/1.45 ui-monospace,monospace;overflow-wrap:anywhere}small{color:var(--soft)}.bad,small.bad{color:var(--bad)}.scroll{overflow-x:auto}
tr.passed .result,.equal strong{color:var(--good)}tr.failed .result,.differs strong{color:var(--bad)}tr.overridden .result{color:var(--warn);font-weight:700}.carried strong{color:var(--info)}.result{white-space:nowrap}
tr.held{background:var(--tint)}.trust{border:2px solid var(--good);border-radius:.25rem;padding:.1rem .5rem}
.timeline .bars{width:40%;min-width:14rem;padding-right:0}.timeline th.bars span:last-child{float:right}.timeline svg{display:block;width:100%;height:20px;background:color-mix(in srgb,var(--rule) 30%,transparent)}
.planned{fill:var(--ghost);fill-opacity:.6;stroke:var(--ghost);vector-effect:non-scaling-stroke}.done{fill:var(--bar)}.failed rect,rect.failed{fill:var(--bad);stroke:var(--text);vector-effect:non-scaling-stroke}.undo{fill:none;stroke:var(--warn);stroke-width:2;vector-effect:non-scaling-stroke}
.rollback{stroke:var(--warn);stroke-dasharray:2 3;stroke-width:2;vector-effect:non-scaling-stroke}.legend{color:var(--soft);font-size:.85rem}.legend svg{vertical-align:-2px;margin-left:1rem}
:focus-visible{outline:3px solid var(--info)}
@media print{.live body,.rehearsal body{border-width:3px}tr{break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact}.scroll{overflow:visible}}`;
