import type { PageTexts } from '../../page-texts.ts';

/** English. */
export const en: PageTexts = {
  pages: {
    login_invalid: {
      title: 'This sign-in could not be read',
      message: 'The answer that arrived was not complete. Please sign in again.',
    },
    login_not_found: {
      title: 'This sign-in is no longer waiting',
      message:
        'It was finished already, or this browser did not keep it: it may have begun in another browser, or cookies may be blocked. Please sign in again.',
    },
    login_not_brought: {
      title: 'This sign-in is no longer waiting',
      message:
        'This browser sent no cookie of it. Most likely it began at another address of this site: please begin at {homeUrl}. It may also be finished already, or cookies may be blocked.',
    },
    login_expired: {
      title: 'This sign-in took too long',
      message: 'For your safety it has ended. Please sign in again.',
    },
    login_insufficient: {
      title: 'More is needed here',
      message: 'This page needs a stronger or more recent sign-in than you have given.',
    },
    login_unprovable: {
      title: 'More is needed here',
      message:
        'This page needs a stronger or more recent sign-in, and your account does not give one. Signing in the same way again would not change that.',
    },
    login_denied: {
      title: 'You were not signed in',
      message: 'The sign-in was cancelled or refused.',
    },
    login_refused: {
      title: 'You were not signed in',
      message: 'This account cannot be used here.',
    },
    login_ended: {
      title: 'You were signed out',
      message: 'A sign-out arrived while you were signing in. Please sign in again.',
    },
    login_limited: {
      title: 'You are signed in elsewhere',
      message:
        'You have as many sessions as you may have here. Sign out on another device, then sign in again.',
    },
    provider_unavailable: {
      title: 'Sign-in is not available',
      message: 'The sign-in service does not answer. Please try again soon.',
    },
    provider_invalid_response: {
      title: 'You were not signed in',
      message: 'The sign-in service gave an answer that cannot be trusted.',
    },
    provider_refused: {
      title: 'You were not signed in',
      message: 'The sign-in service refused to finish this sign-in.',
    },
    store_unavailable: {
      title: 'Please try again soon',
      message: 'Your session cannot be reached at this moment.',
    },
    login_required: {
      title: 'Please sign in',
      message: 'This page is for those who are signed in.',
    },
    access_denied: {
      title: 'You may not open this',
      message: 'Your account does not have what is needed here.',
    },
    cross_origin_request: {
      title: 'This was not done',
      message:
        'The request came from another website, and was refused for your safety. If it was you who wanted it, open the page here and do it there.',
    },
    unexpected: {
      title: 'Something went wrong',
      message: 'This could not be done. Please try again later.',
    },
    form_not_kept: {
      title: 'Please sign in again',
      message:
        'Your session has ended, or this needs a more recent sign-in: what you sent was not saved. Sign in, then go back to the page, load it again and send it once more.',
    },
    form_kept: {
      title: 'Please sign in again',
      message:
        'Your session has ended, or this needs a more recent sign-in. What you sent is kept for half an hour: sign in, and you are asked whether to send it.',
    },
    form_to_send: {
      title: 'Send it now?',
      message:
        'What you sent to {action} before you signed in was kept, and is sent only by this button. This page offers it for half an hour, also after you have sent it: send it once.',
    },
    form_gone: {
      title: 'Nothing is kept here',
      message: 'What you sent was kept for half an hour. Please go back to the page and send it again.',
    },
    form_of_another: {
      title: 'This is not yours to send',
      message:
        'What was kept here belongs to another account, and was not sent. To send it, sign in with the account that it was written with.',
    },
    choose: {
      title: 'Sign in',
      message: 'Choose where you have your account.',
    },
    login_done: {
      title: 'You are signed in',
      message: 'You may close this window.',
    },
    signed_in: {
      title: 'You are signed in',
      message: 'You have a session here, and it goes on.',
    },
    signed_out: {
      title: 'You are signed out',
      message: 'Your session here has ended.',
    },
    signed_out_here: {
      title: 'You are signed out here',
      message: 'The sign-in service could not be reached: you may still be signed in there.',
    },
    signing_out: {
      title: 'Signing out',
      message: 'You are signed out here. One more step ends your session at the sign-in service.',
    },
    sign_out: {
      title: 'Sign out?',
      message: 'This ends your session here.',
    },
    frame_signed_out: {
      title: 'Signed out',
      message: 'The session here has ended, if there was one.',
    },
  },
  labels: {
    home: 'Home page',
    signIn: 'Sign in',
    signInAgain: 'Sign in again',
    useAnotherAccount: 'Use another account',
    signOut: 'Sign out',
    signOutOfService: 'Sign out of the sign-in service',
    staySignedIn: 'Stay signed in',
    continue: 'Continue',
    tryAgain: 'Try again',
    sendIt: 'Send it',
    doNotSendIt: 'Do not send it',
    reference: 'If you ask for help, give this reference: {reference}',
    missing: 'Missing: {list}.',
    missingRole: 'the role {names}',
    missingRoles: 'one of the roles {names}',
    missingScopes: 'the permission {names}',
    missingClaims: '{names} in your account',
    missingMethod: 'a sign-in by {names}',
  },
};
