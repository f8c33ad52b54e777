/** How a report looks: on white and on black, on paper too. */
export const style = `
:root { color-scheme: light dark; --used: #26a6b8; --beside: #5f87d7; --reserved: #d69128; --rest: #8674b0; --good: #4caf6e; --bad: #dc5854; --dim: #777; --line: #8884; }
body { font: 14px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2em auto; padding: 0 1em; }
h1 { margin-bottom: 0; } h2 { margin-top: 2em; font-size: 1.1em; }
.dim, figcaption { color: var(--dim); } .headline { font-size: 1.3em; }
.row { display: grid; grid-template-columns: 5em 1fr 8em; gap: 1em; align-items: center; margin: .4em 0; }
.bar { display: flex; height: 1.4em; background: var(--line); border-radius: 3px; overflow: hidden; }
.bar .used, .key .used { background: var(--used); } .bar .beside, .key .beside { background: var(--beside); } .bar .reserved, .key .reserved { background: var(--reserved); }
.bar .rest, .key .rest { background: var(--rest); } .key .free { background: var(--line); }
.key i { display: inline-block; width: 1em; height: 1em; border-radius: 2px; margin: 0 .4em 0 1.2em; vertical-align: -.15em; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; } figure { margin: 0; }
svg { width: 100%; height: auto; background: var(--line); display: block; } .spark svg { width: 160px; height: 32px; }
.use { fill: var(--used); stroke: var(--used); } .limit { stroke: var(--reserved); } .need { stroke: var(--good); }
table { border-collapse: collapse; width: 100%; } th, td { padding: .3em .6em; text-align: right; white-space: nowrap; }
th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; } thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
.too-small { color: var(--bad); } .too-large, .idle { color: var(--reserved); } .fits { color: var(--good); }
.why td { text-align: left; white-space: normal; padding-top: 0; border-bottom: 1px solid var(--line); } summary { cursor: pointer; color: var(--dim); }
@media (max-width: 800px) { .charts { grid-template-columns: 1fr; } table { display: block; overflow-x: auto; } }
`;
