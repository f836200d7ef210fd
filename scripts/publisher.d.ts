/** What `publisher.json` holds. */
export interface Publisher {
  author: string;
  homepage: string;
  repository: string;
  bugs: string;
}

export declare const PUBLISHER_FILE: string;

export declare function readPublisher(root: string): Publisher;

export declare function findGaps(publisher: Partial<Publisher>): string[];

export declare function fillManifest<Manifest extends object>(
  manifest: Manifest,
  publisher: Publisher,
): Manifest & { author: string; homepage: string; repository: object; bugs: object };
