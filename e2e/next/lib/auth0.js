import { Auth0Client } from "@auth0/nextjs-auth0/server";

// What the application is, it has from its environment, as a new one of Auth0's quickstart.
export const auth0 = new Auth0Client({ allowInsecureRequests: process.env.ALLOW_INSECURE === "true" });
