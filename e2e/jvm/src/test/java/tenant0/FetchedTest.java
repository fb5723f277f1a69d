package tenant0;

import org.junit.jupiter.api.Test;

/** What .ci/prepare runs: Maven fetches what runs tests when it runs one. */
class FetchedTest {
    @Test
    void allIsFetched() {}
}
