import type { AuthorizationDetail } from '../provider-definition.ts';

/**
 * What a token answer says was allowed. What is no object with a type is left out.
 *
 * @see [RFC 9396, section 7](https://www.rfc-editor.org/rfc/rfc9396#section-7)
 */
export function readGrantedDetails({
  authorization_details: details,
}: Readonly<Record<string, unknown>>): readonly AuthorizationDetail[] | undefined {
  return Array.isArray(details) ? Object.freeze(details.filter(isDetail)) : undefined;
}

function isDetail(value: unknown): value is AuthorizationDetail {
  return typeof (value as Partial<AuthorizationDetail> | null)?.type === 'string';
}
