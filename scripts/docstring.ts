/** What a docstring says. */
export interface Docstring {
  /** In paragraphs and lists, as Markdown. */
  readonly text: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
}

/** Reads `/** … *\/`, with whatever stands around it; an empty one where there is none. */
export function readDocstring(comment: string): Docstring {
  const inner = /\/\*\*([\s\S]*?)\*\//.exec(comment)?.[1] ?? '';
  const lines = inner
    .replace(/^[ \t]*\* ?/gm, '')
    .replace(/\{@link ([\w.]+)(?: ([^}]*))?\}/g, (_all, name, words) => words ?? `\`${name}\``)
    .trim();
  const [text = '', ...tags] = lines.split(/(?:^|\s)@(?=(?:default|param|returns|throws|see|deprecated)\b)/);
  return {
    text: text.trim(),
    tags: tags.map((tag) => {
      const [, name = '', words = ''] = /^(\w+)\s*([\s\S]*)$/.exec(tag) ?? [];
      return { name, text: words.replace(/\s+/g, ' ').trim() };
    }),
  };
}
