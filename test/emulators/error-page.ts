import escapeHtml from 'escape-html';
import { type Answer, htmlPage } from './answers.ts';
import type { Handler } from './emulator-server.ts';
import { Refusal } from './refusal.ts';

/** Makes a handler tell its refusals to the person, where there is nowhere safe to send them. */
export const refuseOnPage =
  (handle: Handler): Handler =>
  async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return errorPage(error);
    }
  };

const errorPage = (refusal: Refusal): Answer =>
  htmlPage(
    refusal.status,
    'This request is not valid',
    `<p>${escapeHtml(refusal.message)}</p><p><code>${escapeHtml(refusal.code)}</code></p>`,
  );
