import { createAuthClient } from 'express-connect-auth/client';

const auth = createAuthClient<{ sub: string; name?: string }>({ sessionUrl: '/auth/session' });
const find = (id: string) => document.querySelector<HTMLElement>(`#${id}`)!;

auth.watch((state, { user, idleSeconds }) => {
  const name = user?.name ?? user?.sub;
  find('who').textContent =
    state === 'ended'
      ? 'Nobody is signed in.'
      : state === 'active'
        ? `You are ${name}.`
        : `${name}: ${idleSeconds} s left.`;
  find('sign-in').hidden = state !== 'ended';
  find('sign-out').hidden = state === 'ended';
});
find('sign-in').onclick = () => auth.loginInPopup();
find('sign-out').onclick = () => auth.logout();
find('load').onclick = async () => {
  const answer = await auth.fetch('/api/orders'); // where a session is missing, this leads to the login and back
  find('orders').textContent = JSON.stringify(await answer.json());
};
