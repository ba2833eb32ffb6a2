# Small-sample sandwich (CR2) and Satterthwaite's degrees of freedom by R's clubSandwich, for a ratio and two logistic
# fits on tied.csv cut to uneven clusters. Run: Rscript uneven_clusters.R
suppressMessages(library(clubSandwich))
tied <- read.csv("tied.csv")
kept <- tied[seq_len(240) %% 24 < tied$rep %% 24 + 1 | tied$rep %% 5 == 0, ]
kept$y <- as.integer(kept$cause == 1)
values <- NULL
note <- function(case, fit, place) {
  told <- as.data.frame(coef_test(fit, vcov = vcovCR(fit, cluster = kept$rep, type = "CR2"), test = "Satterthwaite"))
  told <- told[place, c("beta", "SE", "df_Satt")]
  values <<- rbind(values, data.frame(case, quantity = c("coefficient", "error", "freedom"),
                                      value = sprintf("%.12g", unlist(told))))
}
exact <- glm.control(epsilon = 1e-14, maxit = 100)

# a ratio of sums of exp(x2): sum(y w) / sum(w) is the coefficient of y sqrt(w) on sqrt(w)
kept$root <- sqrt(exp(kept$x2))
note("ratio", lm(y * root ~ 0 + root, kept), 1)
note("slope", glm(y ~ x1, binomial, kept, control = exact), 2)
note("in the large", glm(y ~ 1, binomial, kept, offset = x2 / 2 - 0.3, control = exact), 1)
write.csv(values, "uneven_clusters.csv", row.names = FALSE, quote = FALSE)
