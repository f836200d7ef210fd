// A window may be opened in a click alone. How its login ended is told on a channel of this origin.
document.querySelector('#popup')?.addEventListener('click', () => {
  open('/login?display=popup&returnTo=/profile', 'sign-in', 'popup,width=480,height=640');
});
new BroadcastChannel('connect-auth').onmessage = ({ data }) => {
  if (data.type === 'login') location.assign(data.returnTo);
  else document.querySelector('#problem').textContent = 'The login in the window came to nothing.';
};
