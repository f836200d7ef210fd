import { htmlPage, scriptJson } from './answers.ts';
import { refuseOnPage } from './error-page.ts';
import { readParameters, requireParameter } from './parameters.ts';
import { invalidRequest, Refusal } from './refusal.ts';

/** The state of a popup login, unwrapped. */
export interface PopupState {
  state: string;
  /** Origin of the page that opened the popup. */
  currentUrl: string;
}

/**
 * Unwraps the standard base64 of the UTF-8 JSON `{state, current_url, v: 1}`.
 * @throws Refusal `invalid_request`
 */
export const unwrapPopupState = (wrapped: string): PopupState => {
  const bytes = Buffer.from(wrapped, 'base64');
  if (bytes.toString('base64') !== wrapped) throw invalidRequest('the popup state is not standard base64');
  const { state, current_url: currentUrl, v } = parseObject(bytes.toString('utf8'));
  if (v !== 1 || typeof state !== 'string' || typeof currentUrl !== 'string' || !isOrigin(currentUrl)) {
    throw invalidRequest('the popup state is not {state, current_url, v: 1}');
  }
  return { state, currentUrl };
};

const parseObject = (text: string): Record<string, unknown> => {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw invalidRequest('the popup state is not JSON');
  }
};

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** The page on the provider that hands code and state to the page that opened the popup. */
export const popupCallbackPage = refuseOnPage(({ query }) => {
  const parameters = readParameters(query);
  const error = parameters.get('error');
  if (error !== undefined) throw new Refusal(400, error, 'The sign-in did not succeed. Close this window.');
  const code = requireParameter(parameters, 'code');
  const { state, currentUrl } = unwrapPopupState(requireParameter(parameters, 'state'));
  return htmlPage(
    200,
    'You are signed in',
    `<p>This window closes by itself.</p>
<script>
const pageOrigin = ${scriptJson(currentUrl)};
addEventListener('message', (event) => {
  if (event.origin === pageOrigin && event.source === opener && event.data === 'destroy') window.close();
});
opener?.postMessage(${scriptJson({ code, state })}, pageOrigin);
</script>`,
  );
});
