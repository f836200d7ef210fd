export type Program = 'redis' | 'chromium';

export declare const programs: Record<
  Program,
  { variable: string; names: string[]; packages: Record<string, string> }
>;

export declare function findProgram(program: Program, environment?: NodeJS.ProcessEnv): string | undefined;

export declare function findOnPath(names: string[], environment?: NodeJS.ProcessEnv): string | undefined;
