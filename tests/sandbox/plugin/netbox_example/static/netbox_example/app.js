document.documentElement.dataset.example = "loaded";
