import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { Page } from './page.ts';

/** What a page may load and run, each as a policy names it. */
export interface PageSources {
  readonly style: readonly string[];
  readonly script: readonly string[];
  readonly image: readonly string[];
  readonly font: readonly string[];
}

/**
 * Writes the headers of a page: it loads and runs what is listed, and can be framed by nobody it does not name.
 *
 * @param formTargets - origins that its form's answer may redirect to: Chromium applies `form-action` to redirects.
 */
export function writePagePolicy(
  req: IncomingMessage,
  res: ServerResponse,
  page: Pick<Page, 'form' | 'frameAncestors'>,
  { sources, formTargets }: { sources: PageSources; formTargets: () => readonly string[] },
): void {
  const { form, frameAncestors } = page;
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [...sources.style],
        ...(sources.script.length > 0 ? { scriptSrc: [...sources.script] } : {}),
        ...(sources.image.length > 0 ? { imgSrc: [...sources.image] } : {}),
        ...(sources.font.length > 0 ? { fontSrc: [...sources.font] } : {}),
        baseUri: ["'none'"],
        frameAncestors: frameAncestors ?? ["'none'"],
        ...(form?.leadsAnywhere
          ? {}
          : { formAction: form ? ["'self'", ...new Set(formTargets())] : ["'none'"] }),
      },
    },
    // A page that demands isolation of its frames (COEP) takes one that says so, too.
    ...(frameAncestors
      ? {
          xFrameOptions: false,
          crossOriginResourcePolicy: { policy: 'cross-origin' },
          crossOriginEmbedderPolicy: true,
        }
      : { xFrameOptions: { action: 'deny' } }),
    // Whether the whole host is https for ever is the application's to say.
    strictTransportSecurity: false,
  });
  setHeaders(req, res, (error) => {
    if (error) throw error;
    // helmet leaves what an application's own helmet has set before.
    if (frameAncestors) res.removeHeader('X-Frame-Options');
  });
}
