import type { BrandOptions, ProviderBrand } from '../page-types.ts';
import { checkString, refuse, wholeNumberFrom } from './option-checks.ts';
import { optional, type Resolved, readOptions, type Table, withDefault } from './option-table.ts';

const MAX_LOGO_LENGTH = 65_536;

/** The options of `pages.brand`. */
export const BRAND_OPTIONS = {
  name: optional(checkString, { defaultIs: 'none' }),
  logo: optional(checkLogo, { defaultIs: 'none', aliases: ['logoUrl', 'icon'] }),
  logoDark: optional(checkLogo, { defaultIs: '`logo`' }),
  accent: optional(checkColor, { defaultIs: "'#2456c9'", aliases: ['color', 'primary', 'brandColor'] }),
  accentDark: optional(checkColor, { defaultIs: '`accent`, and where that is not given `#7ea6ff`' }),
  font: withDefault(checkFont, 'system-ui, sans-serif', { aliases: ['fontFamily'] }),
  radius: withDefault(wholeNumberFrom(0, 24), 12, { aliases: ['borderRadius'] }),
} satisfies Table<BrandOptions>;

/** Its options after every check. Colours are `#rrggbb`. */
export type ResolvedBrand = Resolved<typeof BRAND_OPTIONS>;

/** The options of a provider among `pages.providers`. */
export const PROVIDER_BRAND = {
  name: optional(checkString, { defaultIs: 'its name among the options, as words' }),
  logo: optional(checkLogo, { defaultIs: 'none', aliases: ['icon', 'image'] }),
} satisfies Table<ProviderBrand>;

/** How one is shown. @throws ConfigurationError */
export function checkProviderBrand(where: string, value: unknown): Resolved<typeof PROVIDER_BRAND> {
  return readOptions(where, value, PROVIDER_BRAND);
}

/** A name would not do: its contrast is reckoned with. */
function checkColor(where: string, value: unknown): string {
  const color = checkString(where, value).toLowerCase();
  const [, red, green, blue] = /^#([\da-f])([\da-f])([\da-f])$/.exec(color) ?? [];
  if (red && green && blue) return `#${red}${red}${green}${green}${blue}${blue}`;
  return /^#[\da-f]{6}$/.test(color) ? color : refuse(where, 'a colour such as "#2456c9"', value);
}

/** It stands in a style sheet, and may not end what it stands in. */
function checkFont(where: string, value: unknown): string {
  const font = checkString(where, value);
  return /^[\w\s,'"-]{1,200}$/.test(font)
    ? font
    : refuse(where, `names of fonts, such as "Inter, system-ui, sans-serif"`, value);
}

/** A path of this host, a URL on https or an image itself. */
function checkLogo(where: string, value: unknown): string {
  const logo = checkString(where, value);
  const isPath = /^\/(?![/\\])[^\s\\,]*$/.test(logo);
  const isImage = /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]\S*$/i.test(logo);
  const isUrl = URL.canParse(logo) && /^https:\/\/[^\s\\,]+$/i.test(logo);
  if (!isPath && !isImage && !isUrl)
    refuse(where, 'a path such as "/logo.svg", a URL on https or a data: URL of an image', value);
  return logo.length <= MAX_LOGO_LENGTH
    ? logo
    : refuse(where, `at most ${MAX_LOGO_LENGTH} characters long`, value);
}
