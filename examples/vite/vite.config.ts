import { defineConfig } from 'vite';

export default defineConfig({
  // In a clone of the repository the package is its source. A project that has installed it needs nothing of this.
  resolve: { tsconfigPaths: true },
});
