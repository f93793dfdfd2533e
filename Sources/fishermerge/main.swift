print("fishermerge")
