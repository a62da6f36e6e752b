import { build, type Metafile } from 'esbuild';

/** A path as esbuild bundles it, all dependencies left out; with `whole`, with what nobody would use of it too. */
export async function bundle(path: string, whole = false): Promise<{ code: Uint8Array; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: whole ? `import '${path}';` : `export * from '${path}';`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    ignoreAnnotations: whole,
    plugins: [
      {
        name: 'without-dependencies',
        setup(build) {
          build.onResolve({ filter: /^[^.]/ }, (args) => (args.path === path ? undefined : { external: true }));
        },
      },
    ],
  });
  return { code: outputFiles[0]!.contents, metafile };
}
