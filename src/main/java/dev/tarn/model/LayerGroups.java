package dev.tarn.model;

import dev.tarn.ConfigException;

/** How fastai's {@code freeze_to} counts layer groups. */
public final class LayerGroups {

    private LayerGroups() {}

    /**
     * The first group that trains.
     *
     * @param freezeTo a group, or a negative number that counts from the end: -1 leaves the last group alone
     * @param groups how many groups the model has
     * @return 0..groups-1
     * @throws ConfigException if there is no such group
     */
    public static int first(int freezeTo, int groups) {
        int first = freezeTo < 0 ? groups + freezeTo : freezeTo;
        if (first < 0 || first >= groups) {
            throw new ConfigException("freezeTo " + freezeTo + " is not a layer group; this model has " + groups
                    + ", so -" + groups + " to " + (groups - 1) + " are allowed.");
        }
        return first;
    }
}
