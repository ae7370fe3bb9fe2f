package dev.tarn.train;

import java.util.Arrays;
import java.util.List;

/**
 * One fit of gradual unfreezing (Howard &amp; Ruder 2018, section 3.3): what trains, for how long, at which rates.
 *
 * @param freezeTo as {@link Learner#freezeTo}; 0 trains everything
 * @param epochs of this stage
 * @param rates the highest rates
 */
public record Stage(int freezeTo, int epochs, Rates rates) {

    /**
     * Reads stages.
     *
     * @param text {@code "-1:1:0.02; 0:2:slice(1e-3/2.6^4,1e-3)"}, in the form that the configuration checks
     */
    public static List<Stage> parse(String text) {
        return Arrays.stream(text.split(";", -1))
                .map(stage -> {
                    String[] parts = stage.split(":", -1);
                    return new Stage(
                            Integer.parseInt(parts[0].strip()),
                            Integer.parseInt(parts[1].strip()),
                            Rates.parse(parts[2]));
                })
                .toList();
    }
}
