package tenant0;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tenant0.Browser.AUDIENCE;
import static tenant0.Browser.CONNECTION;
import static tenant0.Browser.DOMAIN;
import static tenant0.Browser.EMAIL;
import static tenant0.Browser.ISSUER;
import static tenant0.Browser.ORIGIN;
import static tenant0.Browser.PASSWORD;

import com.auth0.client.auth.AuthAPI;
import com.auth0.client.mgmt.ManagementApi;
import com.auth0.client.mgmt.core.ManagementApiException;
import com.auth0.client.mgmt.types.CreateUserRequestContent;
import com.auth0.client.mgmt.types.ListUsersRequestParameters;
import com.auth0.client.mgmt.types.UpdateUserRequestContent;
import com.auth0.exception.APIException;
import com.auth0.json.auth.TokenHolder;
import com.auth0.jwk.UrlJwkProvider;
import com.auth0.utils.tokens.IdTokenVerifier;
import com.auth0.utils.tokens.SignatureVerifier;
import java.net.URI;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** auth0-java: the Authentication API and the Management API. */
class Auth0JavaTest {
    private static final String CALLBACK = ORIGIN + "/callback";
    private final AuthAPI auth = AuthAPI.newBuilder(DOMAIN, "ClientsWeb", "a-secret-of-this-test-only").build();
    private final AuthAPI machine = AuthAPI.newBuilder(DOMAIN, "ClientsMachine", "a-secret-of-the-machine").build();

    private TokenHolder logIn(String nonce) throws Exception {
        String url = auth.authorizeUrl(CALLBACK).withScope("openid email offline_access").withAudience(AUDIENCE).withParameter("nonce", nonce).build();
        String code = new Browser().logIn(url, Browser::toTheApplication).parameter("code");
        return auth.exchangeCode(code, CALLBACK).execute().getBody();
    }

    @Test
    void aCodeAndItsIDToken() throws Exception {
        TokenHolder tokens = logIn("the nonce");
        var keys = new UrlJwkProvider(URI.create(ISSUER + ".well-known/jwks.json").toURL());
        IdTokenVerifier verifier = IdTokenVerifier.init(ISSUER, "ClientsWeb", SignatureVerifier.forRS256(id -> {
            try {
                return (RSAPublicKey) keys.get(id).getPublicKey();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        })).build();
        verifier.verify(tokens.getIdToken(), "the nonce");
        assertThrows(Exception.class, () -> verifier.verify(tokens.getIdToken(), "another"));
        assertEquals(EMAIL, auth.userInfo(tokens.getAccessToken()).execute().getBody().getValues().get("email"));
    }

    @Test
    void aRefreshTokenAndItsEnd() throws Exception {
        TokenHolder tokens = logIn("n");
        assertNotEquals(tokens.getAccessToken(), auth.renewAuth(tokens.getRefreshToken()).execute().getBody().getAccessToken());
        auth.revokeToken(tokens.getRefreshToken()).execute();
        APIException refused = assertThrows(APIException.class, () -> auth.renewAuth(tokens.getRefreshToken()).execute());
        assertEquals("invalid_grant", refused.getError());
    }

    @Test
    void aPassword() throws Exception {
        assertEquals("Bearer", auth.login(EMAIL, PASSWORD.toCharArray(), CONNECTION).setScope("openid").execute().getBody().getTokenType());
        APIException refused = assertThrows(APIException.class, () -> auth.login(EMAIL, "wrong".toCharArray(), CONNECTION).execute());
        assertTrue(refused.isInvalidCredentials(), refused.getMessage());
        assertEquals("Wrong email or password.", refused.getDescription());
    }

    @Test
    void clientCredentials() throws Exception {
        assertEquals("read:timesheets", machine.requestToken(AUDIENCE).execute().getBody().getScope());
    }

    @Test
    void aPushedRequest() throws Exception {
        var pushed = auth.pushedAuthorizationRequest(CALLBACK, "code", Map.of("scope", "openid")).execute().getBody();
        var end = new Browser().logIn(auth.authorizeUrlWithPAR(pushed.getRequestURI()), Browser::toTheApplication);
        assertTrue(end.parameter("code") != null, end.url().toString());
    }

    @Test
    void aSignUpAndANewPassword() throws Exception {
        assertEquals("jvm@exampleco.com", auth.signUp("jvm@exampleco.com", "ExampleCo!2027".toCharArray(), CONNECTION).execute().getBody().getEmail());
        assertThrows(APIException.class, () -> auth.signUp("jvm@exampleco.com", "ExampleCo!2027".toCharArray(), CONNECTION).execute());
        auth.resetPassword("jvm@exampleco.com", CONNECTION).execute();
    }

    @Test
    void theManagementAPI() {
        ManagementApi api = ManagementApi.builder().domain(DOMAIN).clientCredentials("ClientsMachine", "a-secret-of-the-machine").build();
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            made.add(api.users().create(CreateUserRequestContent.builder().connection(CONNECTION).email("jvm" + i + "@exampleco.com").password("ExampleCo!2027").build()).getUserId().orElseThrow());
        }
        assertEquals("New", api.users().update(made.get(0), UpdateUserRequestContent.builder().name("New").build()).getName().orElseThrow());
        assertEquals("New", api.users().get(made.get(0)).getName().orElseThrow());
        List<String> listed = new ArrayList<>();
        api.users().list(ListUsersRequestParameters.builder().perPage(2).build()).forEach(user -> listed.add(user.getUserId().orElseThrow()));
        assertTrue(listed.containsAll(made), "all pages have " + listed);
        api.users().delete(made.get(0));
        ManagementApiException gone = assertThrows(ManagementApiException.class, () -> api.users().get(made.get(0)));
        assertEquals(404, gone.statusCode());
    }
}
