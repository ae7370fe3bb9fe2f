package dev.tarn.run;

import java.util.Collection;
import java.util.Comparator;

/** Finds the name that somebody meant, for messages: the fewest letters to insert, delete, replace or swap. */
public final class Nearest {

    private Nearest() {}

    /** The candidate at the smallest distance, the first of several; an empty string if there is none. */
    public static String name(String typed, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(typed, candidate)))
                .orElse("");
    }

    /** As {@link #name}, for dotted keys: a right key in the wrong section is nearer than a wrong one in the right. */
    static String key(String typed, Collection<String> candidates) {
        String lastTyped = last(typed);
        return candidates.stream()
                .min(Comparator.comparingInt((String candidate) ->
                                Math.min(distance(typed, candidate), 1 + 2 * distance(lastTyped, last(candidate))))
                        .thenComparingInt(candidate -> distance(typed, candidate)))
                .orElse("");
    }

    private static String last(String dotted) {
        return dotted.substring(dotted.lastIndexOf('.') + 1);
    }

    /** Optimal string alignment distance; texts beyond 100 characters are compared by their beginnings. */
    static int distance(String a, String b) {
        int rows = Math.min(a.length(), 100);
        int columns = Math.min(b.length(), 100);
        int[][] cost = new int[rows + 1][columns + 1];
        for (int i = 0; i <= rows; i++) {
            for (int j = 0; j <= columns; j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int best = Math.min(cost[i - 1][j - 1] + change, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                cost[i][j] = swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
            }
        }
        return cost[rows][columns];
    }
}
