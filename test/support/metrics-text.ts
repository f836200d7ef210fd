/** One line of a page of metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g;

/** Reads the text format of Prometheus, and is strict about it: each sample belongs to a family that was announced. */
export function readMetrics(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const types = new Map<string, string>();
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line) => {
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
      if (type) types.set(type[1]!, type[2]!);
      if (/^# (TYPE|HELP) \S+ \S/.test(line)) return [];
      const sample = readSample(line);
      const family = sample.name.replace(/_(bucket|sum|count)$/, '');
      if (!types.has(sample.name) && types.get(family) !== 'histogram')
        throw new Error(`No type was announced for ${sample.name}.`);
      return [sample];
    });
}

function readSample(line: string): Sample {
  const [, name, written = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || Number.isNaN(Number(value))) throw new Error(`This is no sample: ${line}`);
  const labels = [...written.matchAll(LABEL)];
  if (labels.map(([all]) => all).join('') !== written) throw new Error(`These are no labels: ${written}`);
  const pairs = labels.map(([, label, text]) => [label!, readText(text!)]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

function readText(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** What a sample stands at; `undefined`: there is none with these labels and no others. */
export function findValue(
  samples: readonly Sample[],
  name: string,
  labels: Sample['labels'],
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  const found = samples.filter((sample) => sample.name === name);
  return found.find((sample) => JSON.stringify(Object.entries(sample.labels).sort()) === wanted)?.value;
}
