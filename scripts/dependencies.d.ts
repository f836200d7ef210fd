export function dependenciesAreCurrent(folder: string): boolean;
export function installCommand(): [string, ...string[]];
