export default function Home({ name }) {
  return (
    <main>
      <h1>Home</h1>
      <p>{name ? `You are ${name}.` : 'Nobody is signed in.'}</p>
      <a href="/account">Account</a>
    </main>
  );
}

/** The request is Express's. */
export function getServerSideProps({ req }) {
  return { props: { name: req.user?.name ?? null } };
}
