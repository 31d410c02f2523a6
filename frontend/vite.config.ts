/** Builds the islands and the styles into dist/, with a manifest that django-vite reads. */

import { promises as files } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const COMPRESSIBLE = /\.(js|css|svg|html)$/;

/** Writes .br and .gz beside what was built, so that the web server never compresses. */
function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    async writeBundle(options, bundle) {
      const folder = options.dir ?? "dist";
      for (const name of Object.keys(bundle).filter((each) => COMPRESSIBLE.test(each))) {
        const content = await files.readFile(path.join(folder, name));
        await files.writeFile(path.join(folder, `${name}.br`), brotliCompressSync(content));
        await files.writeFile(path.join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/static/",
  publicDir: false,
  plugins: [compress()],
  build: {
    outDir: "dist",
    manifest: "manifest.json",
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // Without a polyfill and without data: addresses, the content security policy can stay strict.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: {
      input: {
        main: "src/scripts/main.ts",
        console: "src/scripts/console.ts",
        editor: "src/scripts/editor.ts",
        monitor: "src/scripts/monitor.ts",
        build: "src/scripts/build.ts",
        admin: "src/styles/admin.css",
      },
      output: {
        hashCharacters: "hex",
        // Twelve hexadecimal digits: the form of name that the web server marks as immutable.
        entryFileNames: "assets/[name].[hash:12].js",
        chunkFileNames: "assets/[name].[hash:12].js",
        assetFileNames: "assets/[name].[hash:12][extname]",
      },
    },
  },
});
