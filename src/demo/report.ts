import type { Link } from '../evidence';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import type { Flow, LedgerRow } from './ledger';
import type { DemoResult } from './result';

/** One self-contained page: no script, no font, no picture from anywhere else. */
export function reportHtml(result: DemoResult): string {
  const { ledger } = result;
  const balanced = ledger.differenceNano === 0n;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Confidential compute on TON: one run</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>One run of the whole economy</h1>
<p>Embedded chain, real contracts, a real engine, the official <code>openai</code> package. Seed ${result.seed}, ${result.seconds.toFixed(1)} s.
Workers here are <strong>simulated</strong>: no TDX was involved.</p>
<p class="verdict ${balanced ? 'good' : 'bad'}">${
    balanced
      ? 'The ledger closes to the nanoton.'
      : `The ledger does not close: ${ledger.differenceNano} nanotons are missing.`
  }</p>
</header>
<section class="cards">
${card('jobs answered', String(result.jobsDone))}
${card('jobs failed', String(result.jobsFailed))}
${card('tokens', result.tokens.toLocaleString('en'))}
${card(`paid to workers, ${COIN_SYMBOL}`, formatCoins(result.paidNano))}
${card(`claimed by providers, ${COIN_SYMBOL}`, formatCoins(result.claimedNano))}
${card(`gas, ${COIN_SYMBOL}`, formatCoins(ledger.gasNano))}
</section>
<section>
<h2>Who had, earned, paid, burned, has</h2>
<p>From account balances and transactions read from the chain only. In each row <code>had + earned - paid - gas = has</code>.</p>
<div class="scroll"><table>
<thead><tr><th>party</th><th class="n">had</th><th class="n">earned</th><th class="n">paid</th><th class="n">gas</th><th class="n">has</th><th class="n">difference</th></tr></thead>
<tbody>${ledger.rows.map(ledgerRow).join('\n')}</tbody>
</table></div>
</section>
<section>
<h2>Where the money flowed</h2>
<p>Value carried by messages between each two parties, less what came straight back. A client's row to a provider holds the payouts and the stipend that each payout carries.</p>
${flowChart(ledger.flows)}
</section>
<section>
<h2>Workers</h2>
<div class="scroll"><table><thead><tr><th>worker</th><th>state</th><th class="n">jobs</th><th>contract</th></tr></thead><tbody>
${result.workers.map((w) => `<tr><td>${text(w.name)}</td><td>${text(w.state)}</td><td class="n">${w.jobs}</td><td class="mono wrap">${text(w.address)}</td></tr>`).join('\n')}
</tbody></table></div>
</section>
<section>
<h2>Refused, as it should be</h2>
<div class="scroll"><table><thead><tr><th>who</th><th>tried</th><th>was told</th></tr></thead><tbody>
${result.refusals.map((r) => `<tr><td>${text(r.who)}</td><td class="wrap">${text(r.what)}</td><td class="wrap"><code>${text(r.code)}</code> ${text(r.message)}</td></tr>`).join('\n')}
</tbody></table></div>
</section>
<section>
<h2>Receipts</h2>
<p>The newest receipt of each line: cumulative, signed by the worker key. <code>receipts.jsonl</code> holds them with their signatures.</p>
<div class="scroll"><table><thead><tr><th>line</th><th>client</th><th>worker</th><th class="n">jobs</th><th class="n">earned</th><th class="n">paid on chain</th></tr></thead><tbody>
${result.receipts
  .map(
    (r) =>
      `<tr><td class="mono">${text(r.lineId.slice(0, 16))}…</td><td>${text(r.client)}</td><td>${text(r.worker)}</td><td class="n">${r.jobs}</td><td class="n">${formatCoins(r.totalNano)}</td><td class="n">${formatCoins(r.paidNano)}</td></tr>`,
  )
  .join('\n')}
</tbody></table></div>
</section>
<section>
<h2>Where one answer came from</h2>
<p>An answer to ${text(result.evidence.customer)}, from <a href="evidence.json">evidence.json</a>, compared with the chain. Anybody checks it again:
<code>node bin/cocoon.cjs verify evidence.json</code>. The root is <strong>simulated</strong>, so it says nothing about hardware.</p>
<div class="scroll"><table><thead><tr><th></th><th>link</th><th>what it shows</th></tr></thead><tbody>
${result.evidence.onChain.links.map(linkRow).join('\n')}
</tbody></table></div>
</section>
</main>
</body>
</html>
`;
}

function card(label: string, value: string): string {
  return `<div class="card"><b>${text(value)}</b><span>${text(label)}</span></div>`;
}

const LINK_CLASS: Record<Link['state'], string> = { ok: 'good', failed: 'bad', 'not checked': 'soft' };

function linkRow({ name, state, detail }: Link): string {
  return `<tr><td class="${LINK_CLASS[state]}">${text(state)}</td><td>${text(name)}</td><td class="wrap mono">${text(detail)}</td></tr>`;
}

function ledgerRow(row: LedgerRow): string {
  const cells = [row.hadNano, row.earnedNano, row.paidNano, row.gasNano, row.hasNano, row.differenceNano];
  return `<tr><td>${text(row.name)}</td>${cells.map((amount) => `<td class="n">${formatCoins(amount)}</td>`).join('')}</tr>`;
}

const CHART_WIDTH = 760;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 120;
const BAR_HEIGHT = 22;
const FLOWS_SHOWN = 16;

/** A horizontal bar per flow. Bars grow with the square root, so that a payout can be seen beside a stake. */
function flowChart(flows: readonly Flow[]): string {
  const shown = flows.slice(0, FLOWS_SHOWN);
  const longest = Math.sqrt(Number(shown[0]?.nano ?? 1n));
  const room = CHART_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const bars = shown.map((flow, i) => {
    const y = i * (BAR_HEIGHT + 6);
    const width = Math.max(2, (Math.sqrt(Number(flow.nano)) / longest) * room);
    const middle = y + BAR_HEIGHT / 2 + 4;
    return (
      `<text x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${text(`${flow.from} → ${flow.to}`)}</text>` +
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3"/>` +
      `<text x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${middle}" class="value">${formatCoins(flow.nano)}</text>`
    );
  });
  const height = shown.length * (BAR_HEIGHT + 6);
  return `<div class="scroll"><svg class="chart" viewBox="0 0 ${CHART_WIDTH} ${height}" role="img" aria-label="Money flow between parties in ${COIN_SYMBOL}; bar length is the square root of the amount">${bars.join('')}</svg></div>
<p class="note">Amounts in ${COIN_SYMBOL}; bar length grows with the square root.</p>`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6b7d;--line:#d9e0e8;--back:#f6f8fa;--card:#fff;--accent:#0b7fc7;--good:#0a7a45;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#93a1b0;--line:#2b3542;--back:#0e141b;--card:#161e27;--accent:#4db2f0;--good:#4cc38a;--bad:#ff8a80}}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:28px;margin:0 0 4px}h2{font-size:19px;margin:40px 0 4px}
p{margin:4px 0 12px;color:var(--soft)}.note{font-size:13px}
.verdict{display:inline-block;padding:6px 12px;border-radius:6px;font-weight:600;border:1px solid}
.good{color:var(--good)}.bad{color:var(--bad)}.soft{color:var(--soft)}a{color:var(--accent)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin-top:20px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:19px;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:13px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:8px}
th,td{text-align:left;padding:7px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-size:13px;color:var(--soft);font-weight:600}tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums}.wrap{white-space:normal}.mono{overflow-wrap:anywhere}
.mono,code{font-family:ui-monospace,monospace;font-size:13px}
.chart{width:100%;min-width:640px;font-size:13px}.chart rect{fill:var(--accent)}.chart text{fill:var(--ink)}.chart .value{fill:var(--soft)}
`;
