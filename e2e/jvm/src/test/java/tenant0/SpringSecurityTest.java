package tenant0;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tenant0.Browser.AUDIENCE;
import static tenant0.Browser.DOMAIN;
import static tenant0.Browser.EMAIL;
import static tenant0.Browser.ISSUER;
import static tenant0.Browser.ORIGIN;

import com.auth0.client.auth.AuthAPI;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Spring Security: an API that checks tokens, and an application with a login, a session and a logout. */
class SpringSecurityTest {
    @SpringBootConfiguration
    @EnableAutoConfiguration
    @RestController
    static class Application {
        @Bean
        @Order(1)
        SecurityFilterChain api(HttpSecurity http) throws Exception {
            return http.securityMatcher("/api/**")
                    .authorizeHttpRequests(to -> to.requestMatchers("/api/approvals").hasAuthority("SCOPE_approve:timesheets").anyRequest().hasAuthority("SCOPE_read:timesheets"))
                    .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                    .build();
        }

        @Bean
        @Order(2)
        SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
            var logout = new OidcClientInitiatedLogoutSuccessHandler(clients);
            logout.setPostLogoutRedirectUri("{baseUrl}");
            return http.authorizeHttpRequests(to -> to.requestMatchers("/").permitAll().anyRequest().authenticated())
                    .oauth2Login(Customizer.withDefaults())
                    .logout(of -> of.logoutSuccessHandler(logout))
                    .csrf(csrf -> csrf.disable())
                    .build();
        }

        @GetMapping("/")
        String home() {
            return "home";
        }

        @GetMapping("/profile")
        String profile(@AuthenticationPrincipal OidcUser user) {
            return user.getEmail();
        }

        @GetMapping({"/api/timesheets", "/api/approvals"})
        String timesheets(@AuthenticationPrincipal Jwt token) {
            return token.getClaimAsString("azp");
        }
    }

    private static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() {
        application = new SpringApplication(Application.class).run(
                "--server.port=" + URI.create(ORIGIN).getPort(), "--server.address=127.0.0.1", "--spring.main.banner-mode=off",
                "--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + ISSUER, "--spring.security.oauth2.resourceserver.jwt.audiences=" + AUDIENCE,
                "--spring.security.oauth2.client.registration.auth0.client-id=ClientsWeb",
                "--spring.security.oauth2.client.registration.auth0.client-secret=a-secret-of-this-test-only",
                "--spring.security.oauth2.client.registration.auth0.scope=openid,profile,email",
                "--spring.security.oauth2.client.provider.auth0.issuer-uri=" + ISSUER);
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    private static HttpResponse<String> ask(String path, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(ORIGIN + path));
        if (token != null) request.header("Authorization", "Bearer " + token);
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void anAPI() throws Exception {
        AuthAPI machine = AuthAPI.newBuilder(DOMAIN, "ClientsMachine", "a-secret-of-the-machine").build();
        String token = machine.requestToken(AUDIENCE).execute().getBody().getAccessToken();
        HttpResponse<String> answer = ask("/api/timesheets", token);
        assertEquals("200 ClientsMachine", answer.statusCode() + " " + answer.body());
        assertEquals(403, ask("/api/approvals", token).statusCode(), "a token without the scope");
        assertEquals(401, ask("/api/timesheets", null).statusCode(), "no token");
        assertEquals(401, ask("/api/timesheets", token.substring(0, token.length() - 8) + "AAAAAAAA").statusCode(), "another signature");
        assertEquals(401, ask("/api/timesheets", machine.requestToken(ISSUER + "api/v2/").execute().getBody().getAccessToken()).statusCode(), "a token for another API");
    }

    @Test
    void aLoginAndALogout() throws Exception {
        Browser browser = new Browser();
        Browser.End end = browser.logIn(ORIGIN + "/profile", url -> false);
        assertEquals(EMAIL, end.text(), end.url().toString());
        end = browser.open(URI.create(ORIGIN + "/logout"), Map.of(), url -> false);
        assertEquals("home", end.text(), end.url().toString());
        end = browser.open(URI.create(ORIGIN + "/profile"), null, url -> false);
        assertTrue(end.url().toString().startsWith(ISSUER + "u/login"), "a login after the logout leads to " + end.url());
    }
}
