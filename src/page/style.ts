/** The page's only style sheet: a document of its own, so that the page needs no style of its own inside and may forbid all others. */
export const style = `:root { color-scheme: light dark; --good: #1b6e2c; --bad: #b00020; --line: #8888; --window: #2e7d4f; --old: #c77700; --none: #8883; --mark: #fff; }
@media (prefers-color-scheme: dark) { :root { --good: #7fd492; --bad: #ff8a9a; --window: #4fa873; --old: #e09b3a; --mark: #000; } }
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; margin: 1.5rem auto; max-width: 82rem; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-weight: 600; vertical-align: bottom; }
tr.more td { border-top: 0; padding-top: 0; } tr.more ul { margin: 0 0 .3rem; padding-left: 1.2rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.axis { display: flex; justify-content: space-between; width: 240px; max-width: 100%; font-weight: 400; font-size: .8rem; }
svg { max-width: 100%; vertical-align: middle; }
svg .none { fill: var(--none); } svg .window { fill: var(--window); } svg .old { fill: var(--old); } svg .backup { stroke: var(--mark); stroke-width: 2; }
footer { margin-top: 2rem; font-size: .85rem; }
@media (max-width: 60rem) { thead { display: none; } tr, td { display: block; border: 0; padding: 0 0 .1rem; } tr { border-top: 1px solid var(--line); padding: .4rem 0; } tr.more { border-top: 0; } td[data-column]::before { content: attr(data-column) ": "; color: GrayText; font-weight: 400; } }
`;
