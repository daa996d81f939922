// Vite finds the modules by itself. Its development server has to leave the package as it is, because the engine is fetched from beside its script.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: { target: 'es2022' },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['flagstone'] },
  // The program and the package lie outside of this folder.
  server: { fs: { allow: ['../../..'] } },
});
