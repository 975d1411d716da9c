import { defineConfig } from 'vite';

/** `server/web-files.ts` says where to; nothing is inlined, because the content policy allows no inline code. */
export default defineConfig({
  base: '/',
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
