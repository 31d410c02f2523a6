import org.apache.commons.lang3.StringUtils;

public class Algorithm {
    public Object apply(String input) {
        return StringUtils.reverse(input);
    }
}
