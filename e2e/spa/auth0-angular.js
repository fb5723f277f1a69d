// A page as Auth0's quickstart for Angular has it, compiled in the browser.
import "@angular/compiler";
import { AsyncPipe } from "@angular/common";
import { Component, inject, provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { AuthService, provideAuth0 } from "@auth0/auth0-angular";
import { firstValueFrom } from "rxjs";

const Page = Component({
  selector: "#app",
  imports: [AsyncPipe],
  template: `
    @if ((auth.isLoading$ | async) === false) {
      <h1 id="user">{{ (auth.user$ | async)?.email ?? "nobody" }}</h1>
      <button id="login" (click)="auth.loginWithRedirect()">Log in</button>
      <button id="logout" (click)="auth.logout({ logoutParams: { returnTo: origin } })">Log out</button>
    }
  `,
})(
  class {
    auth = inject(AuthService);
    origin = location.origin;
    constructor() {
      window.token = (options) => firstValueFrom(this.auth.getAccessTokenSilently(options)); // for the test
    }
  },
);

const settings = await (await fetch("/settings.json")).json();
await bootstrapApplication(Page, { providers: [provideZonelessChangeDetection(), provideAuth0(settings)] });
