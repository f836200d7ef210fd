import type { RowResult } from '../measure/requests.ts';

const WIDTH = 860;
const LABEL = 330;
const BAR = 18;
const STEP = 28;
const TOP = 56;
const FOOT = 46;

/**
 * Draws the rows as bars, the fastest first: requests per second as a part of the reference's, with the quartiles as a
 * line. Readable on light and on dark; a page that shows it as an image decides which by what the reader prefers.
 */
export function drawPicture(rows: readonly RowResult[], note: string): string {
  const sorted = [...rows].sort((a, b) => b.ratio.median - a.ratio.median);
  const most = Math.max(1, ...sorted.map(({ ratio }) => ratio.high));
  const scale = (WIDTH - LABEL - 70) / most;
  const height = TOP + sorted.length * STEP + FOOT;
  const bottom = TOP + sorted.length * STEP;
  const at = (value: number) => round(LABEL + value * scale);
  const ticks = Array.from({ length: Math.floor(most / 0.25) + 1 }, (_, index) => index * 0.25);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">Requests per second, as a part of what Express does with one GET of 4 KB from Redis</title>
<style>${STYLE}</style>
<text x="16" y="26" class="title">Requests per second ÷ Express with one GET of 4 KB</text>
${ticks.map((tick) => `<path d="M${at(tick)} ${TOP - 10}V${bottom}" class="${tick === 1 ? 'one' : 'grid'}"/><text x="${at(tick)}" y="${TOP - 14}" class="tick">${tick}</text>`).join('\n')}
${sorted.map((row, index) => drawRow(row, TOP + index * STEP, at)).join('\n')}
<text x="16" y="${height - 16}" class="note">${escapeXml(note)}</text>
</svg>
`;
}

const STYLE = `
text{font:13px system-ui,sans-serif;fill:#1f2328}
.title{font-size:15px;font-weight:600}.label{text-anchor:end}.ours-label{font-weight:600}
.tick{text-anchor:middle;font-size:11px;fill:#59636e}.note{font-size:11px;fill:#59636e}
.bar{fill:#8c959f}.ours{fill:#0969da}.grid{stroke:#d1d9e0}.one{stroke:#59636e;stroke-dasharray:4 3}
.spread{stroke:#1f2328;stroke-width:1.5;fill:none}
@media (prefers-color-scheme:dark){
text{fill:#f0f6fc}.tick,.note{fill:#9198a1}.bar{fill:#656c76}.ours{fill:#4493f8}.grid{stroke:#3d444d}
.one{stroke:#9198a1}.spread{stroke:#f0f6fc}}
`;

function drawRow({ contestant, ratio }: RowResult, top: number, at: (value: number) => number): string {
  const { title, isOurs } = contestant;
  const middle = top + BAR / 2;
  const [start, end] = [at(0), at(ratio.median)];
  return [
    `<text x="${LABEL - 8}" y="${middle + 4.5}" class="label${isOurs ? ' ours-label' : ''}">${escapeXml(title)}</text>`,
    `<rect x="${start}" y="${top}" width="${round(end - start)}" height="${BAR}" rx="2" class="${isOurs ? 'ours' : 'bar'}"/>`,
    `<path d="M${at(ratio.low)} ${middle}H${at(ratio.high)}" class="spread"/>`,
    `<text x="${Math.max(end, at(ratio.high)) + 6}" y="${middle + 4.5}">${ratio.median.toFixed(2)}</text>`,
  ].join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
