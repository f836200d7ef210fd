import escapeHtml from 'escape-html';
import { hashSource } from './hash-source.ts';
import type { Page } from './page.ts';

/** What a page needs a script for, as it is written at its end, and how the page's policy names the script. */
export interface PageScript {
  readonly html: string;
  readonly source: string;
}

/**
 * Tells the page that opened this window, over a channel of our origin: helmet's opener policy cuts `window.opener`.
 * What it says stands in the page as data, so that the script is always the same and the policy can name it.
 */
const BROADCAST_SCRIPT = `
const channel = new BroadcastChannel('connect-auth');
channel.postMessage(JSON.parse(document.querySelector('template[data-broadcast]').dataset.broadcast));
channel.close();
history.replaceState(null, '', location.pathname);
window.close();`;

const SUBMIT_SCRIPT = 'document.forms[0].submit()';

const STRIP_QUERY_SCRIPT = "history.replaceState(null, '', location.pathname)";

/** The script of a page; most have none. */
export function findScript({ broadcast, form, stripQuery }: Page): PageScript | undefined {
  const data = broadcast
    ? `<template data-broadcast="${escapeHtml(JSON.stringify(broadcast))}"></template>`
    : '';
  if (broadcast) return toScript(BROADCAST_SCRIPT, data);
  if (form?.submit) return toScript(SUBMIT_SCRIPT);
  return stripQuery ? toScript(STRIP_QUERY_SCRIPT) : undefined;
}

function toScript(script: string, data = ''): PageScript {
  return { html: `${data}<script>${script}</script>`, source: hashSource(script) };
}
