import { logInAs } from 'express-connect-auth/testing';
import { expect, test } from './fixtures.js';

test('a person logs in at the provider', async ({ page }) => {
  await page.goto('/me');
  await page.getByRole('button', { name: 'Grace Hopper' }).click();
  await expect(page).toHaveURL(/\/me$/);
  await expect(page.locator('body')).toContainText('Grace Hopper');
});

test('a test begins logged in, by cookies', async ({ page, context, auth }) => {
  const session = await logInAs(auth, { sub: 'eve', name: 'Eve' });
  await context.addCookies(session.cookies);
  await page.goto('/me');
  await expect(page.locator('body')).toContainText('Eve');
});

test('a test begins logged in, by storageState', async ({ browser, auth, baseURL }) => {
  const { storageState } = await logInAs(auth, { sub: 'eve', name: 'Eve' });
  const context = await browser.newContext({ storageState, baseURL });
  const page = await context.newPage();
  await page.goto('/me');
  await expect(page.locator('body')).toContainText('Eve');
});
