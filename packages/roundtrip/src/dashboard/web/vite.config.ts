import { defineConfig } from 'vite';

/** Built into the ignored `dist` beside this folder; nothing is inlined, because the content policy allows no inline code. */
export default defineConfig({
  base: '/',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
