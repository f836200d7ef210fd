export default function Account({ name, expiresAt }) {
  return (
    <main>
      <h1>{name}</h1>
      <p>
        Signed in until <time>{expiresAt}</time> at the latest.
      </p>
      <form method="post" action="/logout">
        <button type="submit">Sign out</button>
      </form>
    </main>
  );
}

/** The server lets nobody come here who is not signed in. */
export function getServerSideProps({ req }) {
  return { props: { name: req.user.name, expiresAt: req.auth.expiresAt.toISOString() } };
}
