const FENCE = /^```(\w*) ?(.*)$/;

/**
 * The code blocks of a page: `language`, the `note` beside it, the number of the first `line` of code (from 0), its
 * `code`, and whether embed.mjs wrote it.
 */
export function blocksOf(page) {
  const blocks = [];
  let open;
  let embedded = false;
  page.split('\n').forEach((line, index) => {
    if (/^<!-- (from|by) /.test(line)) embedded = true;
    if (line === '<!-- end -->') embedded = false;
    const fence = FENCE.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      const { lines, ...block } = open;
      blocks.push({ ...block, code: lines.join('\n') });
      open = undefined;
    } else open = { language: fence[1], note: fence[2], line: index + 1, embedded, lines: [] };
  });
  return blocks;
}
