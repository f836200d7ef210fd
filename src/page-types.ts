import type { Request } from 'express';
import type { PageTextChanges, PageTexts } from './page-texts.ts';

/** Makes a page of the application's own in place of ours: returns the whole document, or a promise of it. */
export type PageFunction<Page> = (page: Page, req: Request) => string | Promise<string>;

/** How our pages look and speak, and pages of the application in place of them. */
export interface PageOptions {
  /** The page for a fault, for a refusal, and for a form that was sent without a login. @default a page of ours */
  error?: PageFunction<ErrorPage>;
  /** The page of `routes.signedOut`, and the one after a logout that the provider could not be told of. @default a page of ours */
  signedOut?: PageFunction<SignedOutPage>;
  /** The page that asks with which of several providers to log in. @default a page of ours */
  choose?: PageFunction<ChoosePage>;
  /** The page that asks whether to log out, where that was no page of this application. @default a page of ours */
  signOut?: PageFunction<SignOutPage>;
  /** Name, logo and colours of the application. @default {} */
  brand?: BrandOptions;
  /**
   * The languages that pages are shown in: `en`, `de`, `fr`, `es`, `nl`, `nb`, and those of `texts`. `Accept-Language`
   * chooses among them; the first is for browsers that ask for none of them. One alone is always used.
   * @default all of them, `en` first
   */
  languages?: readonly string[];
  /**
   * Says which language somebody wants, such as that of a cookie or of the address; `undefined`, or a language that there
   * is not: `Accept-Language` decides. @default `Accept-Language` decides
   */
  language?: (req: Request) => string | undefined;
  /**
   * Other words for our pages, by language: some, of a language that we have, or all (`PageTexts`) of another. Plain text.
   * @default {}
   */
  texts?: Readonly<Record<string, PageTexts | PageTextChanges>>;
  /** How the page that asks for a provider shows each, by its name among `providers`. @default {} */
  providers?: Readonly<Record<string, ProviderBrand>>;
  /**
   * Origins that pages of the application's own may load styles, images and fonts from, beside that of `baseUrl`.
   * @default []
   */
  origins?: readonly string[];
}

/** What makes our pages those of the application. */
export interface BrandOptions {
  /** Its name, above the heading and in the title. @default none */
  name?: string;
  /** Its logo: a path such as `/logo.svg`, a URL on https, or a `data:` URL of an image, at most 64 KiB. @default none */
  logo?: string;
  /** The logo where the browser asks for dark pages. @default `logo` */
  logoDark?: string;
  /**
   * Colour of the first button, such as `#2456c9`. The words on it are black or white, whichever is easier to read, so that any
   * colour will do.
   * @default '#2456c9'
   */
  accent?: string;
  /** The same where the browser asks for dark pages. @default `accent`, and where that is not given `#7ea6ff` */
  accentDark?: string;
  /** Names of fonts that may be there, as CSS has it; none is loaded. @default 'system-ui, sans-serif' */
  font?: string;
  /** How round corners are, in pixels, from 0 to 24. @default 12 */
  radius?: number;
}

/** How a provider is shown where people choose one. */
export interface ProviderBrand {
  /** What people know it by. @default its name among the options, as words */
  name?: string;
  /** A picture before its name, as `brand.logo` of `pages`. @default none */
  logo?: string;
}

/** A link, ready to be shown: the most likely one comes first. */
export interface PageLink {
  /** A path of this application, or a URL of one of `returnOrigins`. Not escaped. */
  readonly href: string;
  /** Plain text in the page's language. */
  readonly label: string;
}

/** A form without fields, to be sent by POST. */
export interface PageForm {
  /** A path of this application. Not escaped. */
  readonly action: string;
  /** Plain text in the page's language. */
  readonly label: string;
}

/** What every page of the application's own is given. Nothing of it comes from the provider; texts are not escaped. */
export interface PageView {
  /** By which the page is answered. */
  readonly status: number;
  /** As `lang` has it. */
  readonly language: string;
  readonly title: string;
  readonly message: string;
  readonly links: readonly PageLink[];
  readonly form?: PageForm | undefined;
  readonly brand: Pick<BrandOptions, 'name' | 'logo'>;
  /**
   * All of it but the brand as HTML, escaped: heading, words, reference, links and form. To be put into a page as it is.
   */
  readonly html: string;
  /** What styles and scripts written into the page must have: `<style nonce="…">`. Another for each answer. */
  readonly nonce: string;
}

/** What the page for a fault is given. */
export interface ErrorPage extends PageView {
  /** One of those in docs/errors.md; `form_gone` and `form_of_another` of `routes.keptForm`. */
  readonly code: string;
  /** Under which the application's log has it. */
  readonly reference?: string | undefined;
}

/** What the page after a logout is given. */
export interface SignedOutPage extends PageView {
  /** `signed_in`: somebody with a session came here; `provider_unreachable`: they may still be signed in there. */
  readonly state: 'signed_out' | 'signed_in' | 'provider_unreachable';
}

/** What the page that asks for a provider is given. */
export interface ChoosePage extends PageView {
  /** In the order of the options. */
  readonly providers: readonly ChoosableProvider[];
}

/** A provider that a person can choose. */
export interface ChoosableProvider {
  /** Its name among the options. */
  readonly provider: string;
  readonly name: string;
  readonly logo?: string | undefined;
  /** Begins the login. Not escaped. */
  readonly href: string;
}

/** What the page that asks whether to log out is given. */
export interface SignOutPage extends PageView {
  readonly form: PageForm;
}
