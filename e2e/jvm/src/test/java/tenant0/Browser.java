package tenant0;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A person's browser without JavaScript: it keeps cookies, follows redirects and fills in the forms of the tenant's pages. */
final class Browser {
    static final String DOMAIN = System.getenv("AUTH0_DOMAIN");
    static final String ISSUER = "https://" + DOMAIN + "/";
    static final String ORIGIN = System.getenv("ORIGIN"); // of the application
    static final String AUDIENCE = "https://api.exampleco.com/timesheets";
    static final String CONNECTION = "Username-Password-Authentication";
    static final String EMAIL = "employee@exampleco.com";
    static final String PASSWORD = "ExampleCo!2026";

    /** Where a way ends: at an address that was left for, without a page, or at a page. */
    record End(URI url, int status, String text) {
        String parameter(String name) {
            for (String pair : url.getQuery().split("&")) {
                if (pair.startsWith(name + "=")) return pair.substring(name.length() + 1);
            }
            return null;
        }
    }

    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<String, Map<String, String>> jars = new HashMap<>(); // by the host and port, whose cookies Java's own would mix

    private HttpResponse<String> send(URI url, Map<String, String> form) throws Exception {
        Map<String, String> jar = jars.computeIfAbsent(url.getAuthority(), host -> new HashMap<>());
        HttpRequest.Builder request = HttpRequest.newBuilder(url);
        if (!jar.isEmpty()) request.header("Cookie", jar.entrySet().stream().map(c -> c.getKey() + "=" + c.getValue()).collect(Collectors.joining("; ")));
        if (form != null) {
            request.header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString(
                    form.entrySet().stream().map(e -> encode(e.getKey()) + "=" + encode(e.getValue())).collect(Collectors.joining("&"))));
        }
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        for (String cookie : answer.headers().allValues("Set-Cookie")) {
            String[] pair = cookie.split(";")[0].split("=", 2);
            if (cookie.toLowerCase().matches(".*(max-age=(0|-)|expires=thu, 01 jan 1970).*")) jar.remove(pair[0]);
            else jar.put(pair[0], pair[1]);
        }
        return answer;
    }

    End open(URI url, Map<String, String> form, Predicate<URI> leaves) throws Exception {
        for (int step = 0; step < 12; step++) {
            HttpResponse<String> answer = send(url, form);
            String location = answer.headers().firstValue("Location").orElse(null);
            if (location == null) return new End(url, answer.statusCode(), answer.body());
            url = url.resolve(location);
            if (leaves.test(url)) return new End(url, answer.statusCode(), "");
            form = null;
        }
        throw new AssertionError("redirects without end, the last to " + url);
    }

    /** Goes to a URL, logs the person in at the tenant, and returns where the way leaves the tenant, or its last page. */
    End logIn(String url, Predicate<URI> leaves) throws Exception {
        End end = open(URI.create(url), null, leaves);
        for (int step = 0; step < 4 && end.url().toString().startsWith(ISSUER); step++) {
            Map<String, String> fields = new HashMap<>();
            var hidden = Pattern.compile("<input[^>]*type=\"hidden\"[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\"").matcher(end.text().split("</form>")[0]); // of the first form
            while (hidden.find()) fields.put(hidden.group(1), hidden.group(2).replace("&amp;", "&").replace("&#43;", "+"));
            if (end.url().getPath().startsWith("/u/login")) {
                fields.putAll(Map.of("username", EMAIL, "password", PASSWORD, "action", "default"));
            } else {
                fields.put("action", "accept");
            }
            end = open(end.url(), fields, leaves);
        }
        return end;
    }

    static boolean toTheApplication(URI url) {
        return url.toString().startsWith(ORIGIN);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
