import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** A node in a container, for tests in Java: org.testcontainers:junit-jupiter and org.junit.jupiter:junit-jupiter. */
@Testcontainers
class IdnodeTest {
    private static final String SECRET = "a-secret-of-the-tests";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @Container
    static final GenericContainer<?> NODE = new GenericContainer<>("idnode")
            .withEnv("IDNODE_HOST", "0.0.0.0")
            .withEnv("IDNODE_SECRET", SECRET)
            .withEnv("IDNODE_PLAIN_CREDENTIALS", "true")
            .withEnv("IDNODE_SITE_ADDRESS", "127.0.0.1")
            .withEnv("IDNODE_DURABILITY", "none")
            .withExposedPorts(2641, 8000, 8641)
            .waitingFor(Wait.forHttp("/readyz").forPort(8641));

    private static URI http(String path) {
        return URI.create("http://" + NODE.getHost() + ":" + NODE.getMappedPort(8000) + path);
    }

    @Test
    void logsIn() throws Exception {
        String account = "{\"username\": \"demo\", \"password\": \"" + SECRET + "\"}";
        HttpRequest request = HttpRequest.newBuilder(http("/identity/token"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(account))
                .build();
        String answer = CLIENT.send(request, BodyHandlers.ofString()).body();
        // SNMS refuses under HTTP 200, so the status in the body is what counts.
        assertTrue(answer.contains("\"status\":1"), answer);
    }

    @Test
    void resolves() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(http("/api/handles/88.900.1/hello")).build();
        assertEquals(200, CLIENT.send(request, BodyHandlers.ofString()).statusCode());
    }
}
