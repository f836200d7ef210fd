import type { ErrorEvent } from '../events.ts';
import type { MissingRights } from '../guard-errors.ts';
import type { LabelName, PageName } from '../page-texts.ts';
import type { SignedOutPage } from '../page-types.ts';

/** A page of ours: plain words, and at most one thing to do. Whatever it is given is escaped. */
export interface Page {
  readonly status: number;
  /** Which words of ours it has. */
  readonly name: PageName;
  /** What is filled into its message. */
  readonly values?: Readonly<Record<string, string>>;
  /** What the application says instead of our message. */
  readonly message?: string | undefined;
  /** Said behind the message. */
  readonly missing?: MissingRights | undefined;
  /** The most likely one comes first. */
  readonly links?: readonly { readonly href: string; readonly label: LabelName }[];
  /** A form with one button; with `submit` it sends itself where scripts run. */
  readonly form?: {
    readonly action: string;
    readonly submit?: boolean;
    readonly label: LabelName;
    readonly fields: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
    /** Whether the answer may redirect to any place: it is a route of the application's that gives it. */
    readonly leadsAnywhere?: boolean;
    /** Whether it stands below the first link, which is likelier to help. */
    readonly isSecond?: boolean;
  };
  /** Which page of the application's may stand in its place. Absent: none, since it holds what is nobody else's. */
  readonly subject?: PageSubject;
  /** What pages of our origin are told, on the channel `connect-auth`; then the window closes. */
  readonly broadcast?: Readonly<Record<string, unknown>>;
  /** Takes the query out of the address bar: it held a code or a token. */
  readonly stripQuery?: boolean;
  /** Whose pages may show this one in a frame. */
  readonly frameAncestors?: readonly string[];
}

/** What a page is about, by the option that replaces it. */
export type PageSubject =
  | {
      readonly page: 'error';
      readonly code: string;
      readonly during: ErrorEvent['during'];
      /** Under which the application's log has it; people who ask for help are to give it. */
      readonly reference?: string | undefined;
    }
  | { readonly page: 'signedOut'; readonly state: SignedOutPage['state'] }
  | { readonly page: 'choose'; readonly providers: readonly { provider: string; href: string }[] }
  | { readonly page: 'signOut' };
