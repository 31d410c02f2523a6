import org.apache.commons.lang3.StringUtils

object Algorithm:
  def apply(input: String): String = StringUtils.reverse(input)
