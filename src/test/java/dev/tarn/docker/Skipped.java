package dev.tarn.docker;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Assumptions;

/** Skips tests with a reason that stands in their report and, once, in what Maven prints. */
final class Skipped {

    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Skipped() {}

    static void unless(boolean condition, String reason) {
        if (!condition && SAID.add(reason)) {
            System.out.println("Tests of images are skipped: " + reason + ".");
        }
        Assumptions.assumeTrue(condition, reason);
    }
}
