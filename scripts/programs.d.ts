export type Program = 'redis' | 'nginx' | 'chromium' | 'chromium-headless-shell' | 'promtool';

export declare const programs: Record<
  Program,
  { variable: string; names: string[]; packages: Record<string, string>; standIn?: Program }
>;

export declare function findProgram(program: Program, environment?: NodeJS.ProcessEnv): string | undefined;

export declare function findItself(program: Program, environment?: NodeJS.ProcessEnv): string | undefined;

export declare function findOnPath(names: string[], environment?: NodeJS.ProcessEnv): string | undefined;
