import escapeHtml from 'escape-html';
import { type Answer, htmlForm, htmlPage } from './answers.ts';

export interface SignInPageOptions {
  providerName: string;
  kind: 'sign-in' | 'sign-up';
  clientId: string;
  userName: string;
  /** Where the form goes. */
  action: string;
  /** Names the authorization that waits for this decision. */
  interaction: string;
}

/** The page on which a person signs in or cancels. */
export const signInPage = (options: SignInPageOptions): Answer => {
  const isSignUp = options.kind === 'sign-up';
  const verb = isSignUp ? 'Create an account as' : 'Sign in as';
  const buttons = `<button name="decision" value="approve">${verb} ${escapeHtml(options.userName)}</button>
<button name="decision" value="cancel">Cancel</button>`;
  return htmlPage(
    200,
    `${isSignUp ? 'Create an account' : 'Sign in'} with ${options.providerName}`,
    `<p><strong>${escapeHtml(options.clientId)}</strong> would like to know who you are.</p>
${htmlForm(options.action, { interaction: options.interaction }, buttons)}`,
  );
};
