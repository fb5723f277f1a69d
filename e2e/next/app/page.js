import { auth0 } from "../lib/auth0";

export default async function Page() {
  const session = await auth0.getSession();
  return <p id="who">{session ? session.user.email : "nobody"}</p>;
}
