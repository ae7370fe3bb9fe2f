package dev.tarn.backend;

import java.util.List;

/**
 * What a provider found out about its devices on this machine, for {@code tarn doctor}.
 *
 * @param isUsable whether its first device opens in some precision
 * @param findings in the order in which they are to be read
 */
public record Diagnosis(boolean isUsable, List<Finding> findings) {

    /**
     * One line of a report.
     *
     * @param isGood whether there is nothing to mend
     */
    public record Finding(String what, boolean isGood, String text) {}

    public Diagnosis {
        findings = List.copyOf(findings);
    }
}
